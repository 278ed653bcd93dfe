internal import ResilienceCore

/// When a breaker opens, for how long, and what closes it again.
///
/// ```swift
/// let policy = CircuitBreakerPolicy(failureRate: 0.25, openTime: .seconds(2))
///
/// let patient = CircuitBreakerPolicy(
///   window: .time(.seconds(30)), slowCalls: .init(threshold: .seconds(1), rate: 0.8), rampTime: .seconds(60))
/// ```
///
/// Three criteria open a breaker, each on its own: the failure rate and the slow-call rate of the window,
/// both undefined below the minimum throughput, and failures in a row. A policy without any is refused: a
/// breaker that only counts is ``CircuitBreakerOverride/metricsOnly``.
///
/// ## How soon it closes again
///
/// A service that is asked 20 times a second is down for a while, and back; one call in a hundred takes 5 s
/// by nature. From its return to the first answer, and the share of the calls of the next minute that were
/// refused, the 95th percentile of 100 simulated outages each (`outage-recovery` in the benchmarks). Only the
/// breaker's settings differ here; everything else is the standard stack's. `OUTAGES.md` beside the
/// benchmarks has the others' whole stacks, with their own retries and timeouts, and so other figures:
///
/// | it is down for | these settings | those of Polly 8's standard handler | those of resilience4j |
/// |---|---|---|---|
/// | 2 s | 1.0 s, 1.5 % | 3.9 s, 7.3 % | 59 s, 99 % |
/// | 20 s | 0.9 s, 1.6 % | 1.1 s, 2.1 % | 41 s, 70 % |
/// | 37 s | 0.9 s, 1.7 % | 4.3 s, 7.6 % | 24 s, 42 % |
/// | 300 s | 1.0 s, 1.8 % | 4.4 s, 7.4 % | 2.0 s, 3.7 % |
///
/// ## What a ramp is for
///
/// A destination that can do 50 calls a second is asked for 40, dies for a minute, and comes back with half
/// of its machines; the others need another minute. The 2400 calls of that minute, simulated, with a breaker
/// that opens for 5 s and sends one probe, without a ramp and with one:
///
/// | ramp | opened again | answered in time | work for nobody | turned away |
/// |---|---|---|---|---|
/// | none | 7 | 390 | 630 | 1380 |
/// | 120 s | 0 | 680 | 0 | 1710 |
public struct CircuitBreakerPolicy: Sendable, Hashable {
  /// Which results the rates are taken over.
  public let window: Window

  /// The share of failures, of successes and failures together, at which the breaker opens; `nil`: never
  /// opens for this reason.
  public let failureRate: Double?

  /// When slow calls open the breaker; `nil`: never opens for this reason, and no call is timed.
  public let slowCalls: SlowCalls?

  /// How many failures in a row, none too old for the window, open the breaker, whatever the minimum
  /// throughput; `nil`: never opens for this reason.
  public let consecutiveFailures: Int?

  /// Below this many results the rates are undefined.
  public let minimumThroughput: Int

  /// How long the breaker stays open before it lets probes through: the first time, jitter included at most.
  public let openTime: Duration

  /// What the open time, which doubles each time the breaker opens again, grows to; it does not when that is
  /// ``openTime``.
  public let maxOpenTime: Duration

  /// Which share of the open time is left to chance, so that the breakers of many clients do not probe at one
  /// instant.
  public let openTimeJitter: Double

  /// The longest that a destination's own `retryAfter` keeps the breaker open.
  public let maxRetryAfter: Duration

  /// How many probes decide, and so how many may run at once, while half-open.
  public let halfOpenPermits: Int

  /// How long a probe may take before it counts as a failure.
  public let probeLease: Duration

  /// How long after the probes the share of admitted calls grows from a tenth to all of them; zero for at
  /// once.
  public let rampTime: Duration

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - window: Default: the latest 100 results, as resilience4j, with failures forgiven after 10 min.
  ///   - failureRate: Above 0, at most 1; `nil` not to open for it. Default: 0.5, as resilience4j. The same
  ///     rate, over the permitted probes, decides while half-open; without one, a single failed probe opens
  ///     again.
  ///   - slowCalls: What is slow, and how much of it is too much. Default: `nil`, as it costs a reading of
  ///     the clock before and one after each call.
  ///   - consecutiveFailures: 1 or more; `nil` not to open for it. Default: `nil`: in a row means little
  ///     where calls run side by side. Those that are older than the window, or than the age limit of a
  ///     window that is a count, are not in the row any more: after silence it begins anew.
  ///   - minimumThroughput: 1 or more, in a count window at most its size. Default: 20: the first handful of
  ///     errors of a quiet client says little, but a hundred calls (resilience4j, Polly) is minutes of damage
  ///     for most. A smaller window lowers it.
  ///   - openTime: More than zero. Default: 1 s: see "How soon it closes again" above.
  ///   - maxOpenTime: `openTime` or more. Default: `openTime`, so that it does not grow: the longer an outage
  ///     has been, the longer a breaker that grew would prolong it. Let it grow where a probe is dear. The
  ///     growth begins anew once the breaker has stayed closed, or nobody has asked it, for as long as it had
  ///     last been open.
  ///   - openTimeJitter: 0 to 1. Default: 0.2: open for 80 to 100 % of the time. A jitter of 1 could be no
  ///     time at all.
  ///   - maxRetryAfter: Zero or more; zero not to listen. Default: 5 min: a lower bound for the open time,
  ///     but a wrong header must not shut a destination out for a day. Only an answer that says `overloaded`
  ///     as well is listened to: `retryAfter` alone is a limit for one client.
  ///   - halfOpenPermits: 1 to 1024. Default: 3, of which two decide: a single probe that happens to be slow
  ///     by nature would shut everybody out for another time.
  ///   - probeLease: More than zero. Default: 30 s, past which hardly any caller waits; without a lease a
  ///     probe that hangs keeps the breaker half-open for ever.
  ///   - rampTime: Zero or more. Default: zero, as everybody: a ramp turns calls away, which a quiet client
  ///     does for nothing. Set it where a destination comes back cold or small, and one breaker sees much
  ///     traffic; see "What a ramp is for" above.
  public init(
    window: Window = .count(100), failureRate: Double? = 0.5, slowCalls: SlowCalls? = nil,
    consecutiveFailures: Int? = nil, minimumThroughput: Int? = nil, openTime: Duration = .seconds(1),
    maxOpenTime: Duration? = nil, openTimeJitter: Double = 0.2, maxRetryAfter: Duration = .seconds(300),
    halfOpenPermits: Int = 3, probeLease: Duration = .seconds(30), rampTime: Duration = .zero
  ) {
    self.init(
      unchecked: window, failureRate, slowCalls, consecutiveFailures, minimumThroughput, openTime,
      maxOpenTime,
      openTimeJitter, maxRetryAfter, halfOpenPermits, probeLease, rampTime)
    if let fault { preconditionFailure("a breaker's \(fault)") }
  }

  static func minimumThroughput(for window: Window) -> Int { min(20, window.capacity ?? 20) }

  init(
    unchecked window: Window, _ failureRate: Double?, _ slowCalls: SlowCalls?, _ consecutiveFailures: Int?,
    _ minimumThroughput: Int?, _ openTime: Duration, _ maxOpenTime: Duration?, _ openTimeJitter: Double,
    _ maxRetryAfter: Duration, _ halfOpenPermits: Int, _ probeLease: Duration, _ rampTime: Duration
  ) {
    self.window = window
    self.failureRate = failureRate
    self.slowCalls = slowCalls
    self.consecutiveFailures = consecutiveFailures
    self.minimumThroughput = minimumThroughput ?? Self.minimumThroughput(for: window)
    self.openTime = openTime
    self.maxOpenTime = maxOpenTime ?? openTime
    self.openTimeJitter = openTimeJitter
    self.maxRetryAfter = maxRetryAfter
    self.halfOpenPermits = halfOpenPermits
    self.probeLease = probeLease
    self.rampTime = rampTime
  }
}
