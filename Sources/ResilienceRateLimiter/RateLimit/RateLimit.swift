public import ResilienceCore

/// How many permits a limiter gives out: so many per period, and so many at once.
///
/// ```swift
/// RateLimit.perSecond(100)              // 100 at once, then one every 10 ms
/// RateLimit.perMinute(200)              // 200 at once, then one every 300 ms
/// RateLimit.perMinute(200, burst: 20)   // 20 at once, then one every 300 ms
/// RateLimit.perMinute(200).paced        // never two at once: one every 300 ms
/// ```
///
/// Whoever was quiet may take the burst, and what comes back meanwhile: with the default up to twice the
/// permits in the first period after it. A provider that counts its period strictly is met by a
/// ``QuotaLimiter``, or by a lower `burst`.
///
/// A rate of 0 gives out its burst once and nothing ever after; the burst is then 0 by default, which is
/// closed. ``unlimited`` is open.
public struct RateLimit: Sendable, Hashable {
  /// Permits per ``period``.
  public let permits: Int

  /// The time in which ``permits`` permits come back.
  public let period: Duration

  /// The most permits that can be saved up, and so taken at once; a new limiter starts with as many.
  public let burst: Int

  /// Creates a limit.
  ///
  /// - Parameters:
  ///   - permits: Permits per `period`, 0 to 10⁹. The rate is kept exactly, also where the interval is not a
  ///     whole number of nanoseconds; where millions may be saved up over days, to a part in 10¹¹.
  ///   - period: 1 ns or more; fractions of a nanosecond are dropped.
  ///   - burst: The most permits that can be taken at once, 1 or more (0 or more for a rate of 0); saving
  ///     them up must not take longer than 36 years. Default: `permits`, or what 36 years bring if that is
  ///     less: "100 a minute" lets a hundred through, whenever in the minute they come, as Bucket4j's
  ///     `capacity` and Stripe's buckets do.
  public init(_ permits: Int, per period: Duration, burst: Int? = nil) {
    self.init(unchecked: permits, per: period, burst: burst)
    if let fault { preconditionFailure("a rate limit's \(fault)") }
  }

  init(unchecked permits: Int, per period: Duration, burst: Int?) {
    self.permits = permits
    self.period = period
    self.burst = burst ?? Self.standardBurst(permits, per: period)
  }

  /// Creates a limit from values that come from outside, with the parameters and defaults of
  /// ``init(_:per:burst:)``.
  ///
  /// - Throws: `InvalidSetting` for the first value that is out of its range, where the initialiser traps.
  public static func validated(
    _ permits: Int, per period: Duration, burst: Int? = nil
  ) throws(InvalidSetting) -> RateLimit {
    let limit = RateLimit(unchecked: permits, per: period, burst: burst)
    if let fault = limit.fault { throw fault }
    return limit
  }

  private init() {
    permits = .max
    period = .nanoseconds(1)
    burst = .max
  }

  /// No limit: every call gets its permits.
  public static let unlimited = RateLimit()

  /// Whether this is ``unlimited``, whose ``permits`` and ``burst`` are `Int.max`.
  public var isUnlimited: Bool { permits == .max }

  /// The same rate without a burst: one permit at a time, evenly spaced.
  public var paced: RateLimit {
    isUnlimited || permits == 0 ? self : RateLimit(permits, per: period, burst: 1)
  }

  /// So many permits per second.
  public static func perSecond(_ permits: Int, burst: Int? = nil) -> RateLimit {
    RateLimit(permits, per: .seconds(1), burst: burst)
  }

  /// So many permits per minute.
  public static func perMinute(_ permits: Int, burst: Int? = nil) -> RateLimit {
    RateLimit(permits, per: .seconds(60), burst: burst)
  }

  /// So many permits per hour.
  public static func perHour(_ permits: Int, burst: Int? = nil) -> RateLimit {
    RateLimit(permits, per: .seconds(3600), burst: burst)
  }

  static func standardBurst(_ permits: Int, per period: Duration) -> Int {
    // Where there is no limit at all, no burst is at fault.
    guard permits > 0, period.clampedNanoseconds > 0 else { return 0 }
    return max(1, min(permits, mostBurst(permits, per: period)))
  }

  /// What is saved up in 2⁶⁰ ns.
  private static func mostBurst(_ permits: Int, per period: Duration) -> Int {
    guard permits > 0 else { return 1 << 60 }
    let interval = (Int128(period.clampedNanoseconds) + Int128(permits) - 1) / Int128(permits)
    return Int((1 << 60) / interval)
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    let range =
      InvalidSetting.outside(0...1_000_000_000, "permits", permits)
      ?? .unless(period.clampedNanoseconds > 0, "period", period, "1ns or more")
    if let range { return range }
    let most = Self.mostBurst(permits, per: period)
    let least = permits == 0 ? 0 : 1
    return .unless(most >= 1, "period", period, "at most 36 years for each permit")
      ?? .unless(burst >= least, "burst", burst, "\(least) or more")
      ?? .unless(burst <= most, "burst", burst, "\(most) or less, which is saved up in 36 years")
  }
}

extension RateLimit: CustomStringConvertible {
  /// Such as `100 per 1 s, burst 100`, or `unlimited`.
  public var description: String {
    isUnlimited ? "unlimited" : "\(permits) per \(period.unitText), burst \(burst)"
  }
}
