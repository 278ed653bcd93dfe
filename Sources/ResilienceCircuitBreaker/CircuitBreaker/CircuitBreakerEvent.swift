public import ResilienceCore

/// Something a breaker decided.
public struct CircuitBreakerEvent: ResilienceEvent, Hashable {
  /// Why a breaker opened.
  public enum OpeningReason: String, Sendable, Hashable {
    /// Too many of the window's results were failures.
    case failureRate = "failure_rate"
    /// Too many of the window's results and of the running calls were slow.
    case slowCallRate = "slow_call_rate"
    /// Too many failures in a row.
    case consecutiveFailures = "consecutive_failures"
    /// The probes failed, or were slow.
    case probes
  }

  /// What was decided.
  public enum Kind: Sendable, Hashable {
    /// Calls are rejected until the instant.
    ///
    /// `calls` results had come, or probes ended, `failures` of them failed and `slow` of them slow; calls
    /// that run past the threshold are among the `slow` and the `calls`.
    case opened(reason: OpeningReason, failures: Int, slow: Int, calls: Int, until: Instant)

    /// The open time is over; probes are let through.
    case halfOpened

    /// The probes succeeded; the share of admitted calls grows until the instant.
    case recovering(until: Instant)

    /// Calls pass again, all of them.
    case closed

    /// Somebody told the breaker what to be.
    case overridden(CircuitBreakerOverride)

    /// The breaker goes on in a state that was saved; see ``CircuitBreaker/restore(_:)``.
    case restored(CircuitBreakerState)

    /// A probe outlasted its lease; it counts as a failure.
    case probeExpired

    /// A result came from a call that an earlier state had admitted, or from an expired probe; it was not
    /// counted.
    case staleResult(generation: UInt64)

    /// A call was rejected. Told to the call's observer only, not to `onEvent`.
    case rejected(retryAt: Instant?)
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

  /// `circuit_breaker.` and the kind, such as `circuit_breaker.opened`.
  public var name: String {
    switch kind {
    case .opened: "circuit_breaker.opened"
    case .halfOpened: "circuit_breaker.half_opened"
    case .recovering: "circuit_breaker.recovering"
    case .closed: "circuit_breaker.closed"
    case .overridden: "circuit_breaker.overridden"
    case .restored: "circuit_breaker.restored"
    case .probeExpired: "circuit_breaker.probe_expired"
    case .staleResult: "circuit_breaker.result_stale"
    case .rejected: "circuit_breaker.rejected"
    }
  }

  /// The breaker's name, then what the kind adds; delays in seconds, from ``instant`` on.
  public var attributes: [EventAttribute] {
    [EventAttribute("breaker", .string(breaker))] + details
  }

  private var details: [EventAttribute] {
    switch kind {
    case .opened(let reason, let failures, let slow, let calls, let until):
      [
        EventAttribute("reason", .string(reason.rawValue)),
        EventAttribute("failures", .integer(Int64(failures))),
        EventAttribute("slow", .integer(Int64(slow))),
        EventAttribute("calls", .integer(Int64(calls))),
        .seconds("open", from: instant, to: until),
      ]
    case .recovering(let until): [.seconds("ramp", from: instant, to: until)]
    case .overridden(.open(let time)): [EventAttribute("to", .string("open")), .seconds("open", time)]
    case .overridden(let override): [EventAttribute("to", .string(override.label))]
    case .restored(let state): restoration(state)
    case .rejected(let retryAt): retryAt.map { [.seconds("retry_after", from: instant, to: $0)] } ?? []
    case .staleResult(let generation): [EventAttribute("generation", .integer(Int64(clamping: generation)))]
    case .halfOpened, .closed, .probeExpired: []
    }
  }

  private func restoration(_ state: CircuitBreakerState) -> [EventAttribute] {
    let to: (name: String, seconds: EventAttribute?) =
      switch state {
      case .closed: ("closed", nil)
      case .open(let until): ("open", .seconds("open", from: instant, to: until))
      case .halfOpen: ("halfOpen", nil)
      case .recovering(let until): ("recovering", .seconds("ramp", from: instant, to: until))
      case .forcedOpen: ("forcedOpen", nil)
      case .disabled: ("disabled", nil)
      case .metricsOnly: ("metricsOnly", nil)
      }
    return [EventAttribute("to", .string(to.name))] + (to.seconds.map { [$0] } ?? [])
  }
}
