public import ResilienceCore

/// So many permits in any stretch of time of a given length, or in each hour, day or month of the calendar.
///
/// ```swift
/// Quota.perMinute(200)        // in any minute
/// Quota(10_000, each: .day)   // from midnight to midnight
/// ```
///
/// A ``RateLimit`` gives out its burst and goes on refilling, so that up to `burst + permits` pass in one
/// period. A quota never gives out more than its permits, wherever the period is thought to begin: neither
/// the provider's fixed windows nor its sliding ones can be exceeded. One by the calendar is for a provider
/// that says when its periods begin: all permits are there again at that time, and up to twice as many pass
/// around it.
public struct Quota: Sendable, Hashable {
  /// The most permits in any ``period``, or in each ``calendarPeriod``.
  public let permits: Int

  /// The stretch of time; for a quota by the calendar how long it is at most: an hour, 24 hours or 31 days.
  public let period: Duration

  /// The stretch of the calendar; `nil` when any stretch of time of ``period`` counts.
  public let calendarPeriod: CalendarPeriod?

  /// Creates a quota for any stretch of time.
  ///
  /// - Parameters:
  ///   - permits: The most permits in any `period`, 0 (which is closed) to 10⁹.
  ///   - period: 1 ns to 10 years.
  public init(_ permits: Int, per period: Duration) {
    self.init(unchecked: permits, period, nil)
    if let fault { preconditionFailure("a quota's \(fault)") }
  }

  /// Creates a quota by the calendar, of the ``CalendarZone`` that its limiter goes by.
  ///
  /// What was taken is known to the process alone: after a restart in the middle of a period take what was
  /// used before; see ``QuotaLimiter``.
  ///
  /// - Parameters:
  ///   - permits: The most permits in each period, 0 (which is closed) to 10⁹.
  ///   - period: From one full hour, midnight or first of a month to the next.
  public init(_ permits: Int, each period: CalendarPeriod) {
    self.init(unchecked: permits, period)
    if let fault { preconditionFailure("a quota's \(fault)") }
  }

  private init(unchecked permits: Int, _ period: Duration, _ calendarPeriod: CalendarPeriod?) {
    self.permits = permits
    self.period = period
    self.calendarPeriod = calendarPeriod
  }

  private init(unchecked permits: Int, _ period: CalendarPeriod) {
    self.init(unchecked: permits, .nanoseconds(period.nominalNanoseconds), period)
  }

  /// Creates a quota for any stretch of time from values that come from outside; see ``init(_:per:)``.
  ///
  /// - Throws: `InvalidSetting` for the first value that is out of its range, where the initialiser traps.
  public static func validated(_ permits: Int, per period: Duration) throws(InvalidSetting) -> Quota {
    try Quota(unchecked: permits, period, nil).checked()
  }

  /// Creates a quota by the calendar from values that come from outside; see ``init(_:each:)``.
  ///
  /// - Throws: `InvalidSetting` for a number of permits that is out of its range.
  public static func validated(_ permits: Int, each period: CalendarPeriod) throws(InvalidSetting) -> Quota {
    try Quota(unchecked: permits, period).checked()
  }

  private func checked() throws(InvalidSetting) -> Quota {
    if let fault { throw fault }
    return self
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

  /// So many permits in any 24 hours; for a provider's days it is `Quota(permits, each: .day)`.
  public static func perDay(_ permits: Int) -> Quota { Quota(permits, per: .seconds(86_400)) }
}

extension Quota: CustomStringConvertible {
  /// Such as `200 per 1 min`, or `10000 each day`.
  public var description: String {
    calendarPeriod.map { "\(permits) each \($0.rawValue)" } ?? "\(permits) per \(period.unitText)"
  }
}

/// `{ "permits": 200, "period": "1min" }`, or `{ "permits": 10000, "each": "day" }`.
extension Quota: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case permits, period, each
  }

  /// Reads a quota; of `period` and `each` there is one.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let permits = try fields.integer(.permits) ?? fields.missing(.permits, "a whole number")
    if fields.contains(.each) {
      let each =
        try fields.choice(.each) ?? fields.missing(.each, "one of hour, day, month") as CalendarPeriod
      try fields.require(!fields.contains(.period), .period, "left out of a quota that has each")
      self.init(unchecked: permits, each)
    } else {
      let period = try fields.duration(.period) ?? fields.missing(.period, DurationText.requirement)
      self.init(unchecked: permits, period, nil)
    }
    try fields.check(fault)
  }

  /// Writes `permits`, and `period` or `each`.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(permits, forKey: .permits)
    if let calendarPeriod { return try fields.encode(calendarPeriod, forKey: .each) }
    try fields.encode(DurationText(period), forKey: .period)
  }
}
