internal import ResilienceCore

/// `"250ms"`: a whole number, 1 or more, and a unit of `ns`, `us`, `ms`, `s`, `min` or `h`.
extension TimeLimit: Codable {
  /// Reads a limit.
  ///
  /// - Throws: `InvalidSetting` for what is no duration or none at all.
  public init(from decoder: any Decoder) throws {
    let limit = try DurationText(from: decoder).duration
    guard limit > .zero else { throw InvalidSetting(at: decoder, "more than 0s") }
    self.init(limit)
  }

  /// Writes the limit.
  public func encode(to encoder: any Encoder) throws {
    try DurationText(.nanoseconds(nanoseconds)).encode(to: encoder)
  }
}
