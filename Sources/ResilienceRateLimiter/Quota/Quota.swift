internal import ResilienceCore

/// So many permits in any stretch of time of a given length: what a provider means by "200 calls per minute".
///
/// A ``RateLimit`` gives out its burst and goes on refilling, so that up to `burst + permits` pass in one
/// period. A quota never gives out more than its permits, wherever the period is thought to begin: neither
/// the provider's fixed windows nor its sliding ones can be exceeded.
public struct Quota: Sendable, Hashable {
  /// The most permits in any ``period``.
  public let permits: Int

  /// The stretch of time.
  public let period: Duration

  /// Creates a quota.
  ///
  /// - Parameters:
  ///   - permits: The most permits in any `period`, 0 (which is closed) to 10⁹.
  ///   - period: 1 ns to 10 years.
  public init(_ permits: Int, per period: Duration) {
    self.permits = permits
    self.period = period
    if let fault { preconditionFailure("a quota's \(fault)") }
  }

  private var fault: InvalidSetting? {
    .outside(0...1_000_000_000, "permits", permits)
      ?? .outside(.nanoseconds(1) ... .seconds(315_360_000), "period", period)
  }

  /// So many permits in any second.
  public static func perSecond(_ permits: Int) -> Quota { Quota(permits, per: .seconds(1)) }

  /// So many permits in any minute.
  public static func perMinute(_ permits: Int) -> Quota { Quota(permits, per: .seconds(60)) }

  /// So many permits in any hour.
  public static func perHour(_ permits: Int) -> Quota { Quota(permits, per: .seconds(3600)) }

  /// So many permits in any 24 hours.
  public static func perDay(_ permits: Int) -> Quota { Quota(permits, per: .seconds(86_400)) }
}

extension Quota: CustomStringConvertible {
  /// Such as `200 per 60.0 seconds`.
  public var description: String { "\(permits) per \(period)" }
}

/// `{ "permits": 200, "period": "1min" }`.
extension Quota: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case permits, period
  }

  /// Reads a quota; neither field may be left out.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    permits = try fields.integer(.permits) ?? fields.missing(.permits, "a whole number")
    period = try fields.duration(.period) ?? fields.missing(.period, DurationText.requirement)
    try fields.check(fault)
  }

  /// Writes both fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(permits, forKey: .permits)
    try fields.encode(DurationText(period), forKey: .period)
  }
}
