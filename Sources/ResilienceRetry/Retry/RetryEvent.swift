public import ResilienceCore

/// What a retry decided.
///
/// The attempts themselves are no decisions: a call observer is told when one begins and what it came to,
/// with `attemptBegan(_:)` and `attemptEnded(_:of:_:error:)`, and a closure that takes the context finds
/// its number in `context.attempt`.
///
/// Two events are equal when all but their errors are.
public enum RetryEvent: ResilienceEvent {
  /// Attempt number `attempt` (2 or more) of `call` begins after `delay`; the policy allows no further one if
  /// `isLastAttempt`. The number is the retry's own, from 1. With `wasRefused` one of our own layers inside
  /// refused the attempt before: nothing was sent, and no token of the budget was taken for this one.
  /// `error` is what the attempt before threw, if it threw.
  case scheduled(
    call: String, attempt: Int, delay: Duration, isLastAttempt: Bool, wasRefused: Bool,
    error: (any Error)? = nil)

  /// `call` ended without success after `attempts` attempts, for `reason`. The caller gets what the last one
  /// came to: `error`, if it threw. Of a call that was cancelled during a wait no error is told.
  case gaveUp(call: String, attempts: Int, reason: RetryDecision.Reason, error: (any Error)? = nil)

  /// `retry.scheduled` or `retry.gave_up`.
  public var name: String {
    switch self {
    case .scheduled: "retry.scheduled"
    case .gaveUp: "retry.gave_up"
    }
  }

  /// The facts, without the error: what it says may be anything.
  public var attributes: [EventAttribute] {
    switch self {
    case .scheduled(let call, let attempt, let delay, let isLastAttempt, let wasRefused, _):
      [
        EventAttribute("call", .string(call)), EventAttribute("attempt", .integer(Int64(attempt))),
        .seconds("delay", delay),
        EventAttribute("last", .boolean(isLastAttempt)), EventAttribute("refused", .boolean(wasRefused)),
      ]
    case .gaveUp(let call, let attempts, let reason, _):
      [
        EventAttribute("call", .string(call)), EventAttribute("attempts", .integer(Int64(attempts))),
        EventAttribute("reason", .string(reason.rawValue)),
      ]
    }
  }
}

extension RetryEvent: Hashable {
  /// What is compared.
  private struct Facts: Hashable {
    var call: String
    var attempt: Int
    var delay: Duration?
    var isLastAttempt = false
    var wasRefused = false
    var reason: RetryDecision.Reason?
  }

  private var facts: Facts {
    switch self {
    case .scheduled(let call, let attempt, let delay, let isLastAttempt, let wasRefused, _):
      Facts(call: call, attempt: attempt, delay: delay, isLastAttempt: isLastAttempt, wasRefused: wasRefused)
    case .gaveUp(let call, let attempts, let reason, _):
      Facts(call: call, attempt: attempts, reason: reason)
    }
  }

  /// Whether all but the errors are equal.
  public static func == (one: RetryEvent, other: RetryEvent) -> Bool { one.facts == other.facts }

  /// Hashes what is compared.
  public func hash(into hasher: inout Hasher) { hasher.combine(facts) }
}
