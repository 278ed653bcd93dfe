public import ResilienceCore

/// Something a breaker decided.
public struct CircuitBreakerEvent: ResilienceEvent, Hashable {
  /// What was decided.
  public enum Kind: Sendable, Hashable {
    /// Calls are rejected until the instant: `failures` of `calls` results had failed.
    case opened(failures: Int, calls: Int, until: Instant)

    /// The open time is over; probes are let through.
    case halfOpened

    /// The probes succeeded; calls pass again.
    case closed

    /// A probe outlasted its lease; it counts as a failure.
    case probeExpired

    /// A result came from a call that an earlier state had admitted, or from an expired probe; it was not counted.
    case staleResult(generation: UInt64)

    /// A call was rejected. Told to the call's observer only, not to `onEvent`.
    case rejected(retryAt: Instant)
  }

  /// The breaker's name.
  public let breaker: String

  /// What was decided.
  public let kind: Kind

  /// When it was noticed: with the first call, result or reading after it fell due.
  public let instant: Instant

  /// Creates an event.
  public init(breaker: String, kind: Kind, instant: Instant) {
    self.breaker = breaker
    self.kind = kind
    self.instant = instant
  }

  /// `breaker.` and the kind, such as `breaker.opened`.
  public var name: String {
    switch kind {
    case .opened: "breaker.opened"
    case .halfOpened: "breaker.halfopened"
    case .closed: "breaker.closed"
    case .probeExpired: "breaker.probe.expired"
    case .staleResult: "breaker.result.stale"
    case .rejected: "breaker.rejected"
    }
  }

  /// The breaker's name, then what the kind adds; instants in nanoseconds of the call's clock.
  public var attributes: [EventAttribute] {
    [EventAttribute("breaker", .string(breaker))] + details
  }

  private var details: [EventAttribute] {
    switch kind {
    case .opened(let failures, let calls, let until):
      [
        EventAttribute("failures", .integer(Int64(failures))),
        EventAttribute("calls", .integer(Int64(calls))),
        EventAttribute("until.nanoseconds", .integer(until.nanoseconds)),
      ]
    case .rejected(let retryAt): [EventAttribute("retry.at.nanoseconds", .integer(retryAt.nanoseconds))]
    case .staleResult(let generation): [EventAttribute("generation", .integer(Int64(clamping: generation)))]
    case .halfOpened, .closed, .probeExpired: []
    }
  }
}
