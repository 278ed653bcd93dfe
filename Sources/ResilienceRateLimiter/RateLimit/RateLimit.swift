internal import ResilienceCore

/// How many permits a limiter gives out: so many per period, and so many at once.
///
/// ```swift
/// RateLimit.perSecond(100)                          // 100 at once, then one every 10 ms
/// RateLimit.perMinute(200, burst: 20)               // 20 at once, then one every 300 ms
/// RateLimit(5, per: .milliseconds(250), burst: 1)   // evenly, one every 50 ms
/// ```
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
  ///     whole number of nanoseconds.
  ///   - period: 1 ns or more; fractions of a nanosecond are dropped.
  ///   - burst: The most permits that can be taken at once, 1 or more (0 or more for a rate of 0); saving
  ///     them up must not take longer than 36 years. Default: the permits of one second, at least 1, as is
  ///     usual (Guava, x/time/rate by custom): a client that was quiet for a second may catch up on that
  ///     second.
  public init(_ permits: Int, per period: Duration, burst: Int? = nil) {
    self.permits = permits
    self.period = period
    self.burst = burst ?? Self.burstOfASecond(permits, per: period)
    if let fault { preconditionFailure("a rate limit's \(fault)") }
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

  /// So many permits per second.
  public static func perSecond(_ permits: Int, burst: Int? = nil) -> RateLimit {
    RateLimit(permits, per: .seconds(1), burst: burst)
  }

  /// So many permits per minute; at once as many as come in a second, unless `burst` says otherwise.
  public static func perMinute(_ permits: Int, burst: Int? = nil) -> RateLimit {
    RateLimit(permits, per: .seconds(60), burst: burst)
  }

  /// So many permits per hour; at once as many as come in a second, unless `burst` says otherwise.
  public static func perHour(_ permits: Int, burst: Int? = nil) -> RateLimit {
    RateLimit(permits, per: .seconds(3600), burst: burst)
  }

  static func burstOfASecond(_ permits: Int, per period: Duration) -> Int {
    // Where there is no limit at all, no burst is at fault.
    guard permits > 0, period.clampedNanoseconds > 0 else { return 0 }
    return max(1, Int(clamping: Int128(permits) * 1_000_000_000 / Int128(period.clampedNanoseconds)))
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    let range =
      InvalidSetting.outside(0...1_000_000_000, "permits", permits)
      ?? .unless(period.clampedNanoseconds > 0, "period", period, "1ns or more")
    if let range { return range }
    let interval =
      permits == 0 ? 1 : (Int128(period.clampedNanoseconds) + Int128(permits) - 1) / Int128(permits)
    let most = (1 << 60) / interval
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
