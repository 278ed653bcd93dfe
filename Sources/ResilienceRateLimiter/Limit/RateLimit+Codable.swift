internal import ResilienceCore

extension RateLimit: Codable {
  private enum Key: String, CodingKey {
    case permits, periodNanoseconds, burst, unlimited
  }

  /// Reads what ``encode(to:)`` writes: `permits`, `periodNanoseconds` and `burst`, which may be missing, or
  /// `unlimited`.
  ///
  /// - Throws: ``InvalidRateLimit`` for values that make no limit; what the decoder throws.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    if try container.decodeIfPresent(Bool.self, forKey: .unlimited) == true {
      self = .unlimited
      return
    }
    let permits = try container.decode(Int.self, forKey: .permits)
    let period = try container.decode(Int64.self, forKey: .periodNanoseconds)
    let burst = try container.decodeIfPresent(Int.self, forKey: .burst)
    if let invalid = Self.invalid(permits, per: period, burst: burst) { throw invalid }
    self.init(permits, per: .nanoseconds(period), burst: burst)
  }

  /// Writes `permits`, `periodNanoseconds` and `burst`, or `unlimited`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    if isUnlimited { return try container.encode(true, forKey: .unlimited) }
    try container.encode(permits, forKey: .permits)
    try container.encode(period.clampedNanoseconds, forKey: .periodNanoseconds)
    try container.encode(burst, forKey: .burst)
  }
}
