public import ResilienceCore

/// What a retry decided.
public enum RetryEvent: ResilienceEvent, Hashable {
  /// Attempt number `attempt` (2 or more) of `call` begins after `delay`; the policy allows no further one if
  /// `isLastAttempt`. The number is the retry's own, from 1. With `wasRefused` one of our own layers inside
  /// refused the attempt before: nothing was sent, and no token of the budget was taken for this one.
  case scheduled(call: String, attempt: Int, delay: Duration, isLastAttempt: Bool, wasRefused: Bool)

  /// `call` ended without success after `attempts` attempts, for `reason`. The caller gets what the last one
  /// came to.
  case gaveUp(call: String, attempts: Int, reason: RetryDecision.Reason)

  /// `retry.scheduled` or `retry.gave_up`.
  public var name: String {
    switch self {
    case .scheduled: "retry.scheduled"
    case .gaveUp: "retry.gave_up"
    }
  }

  /// The facts.
  public var attributes: [EventAttribute] {
    switch self {
    case .scheduled(let call, let attempt, let delay, let isLastAttempt, let wasRefused):
      [
        EventAttribute("call", .string(call)), EventAttribute("attempt", .integer(Int64(attempt))),
        .seconds("delay", delay),
        EventAttribute("last", .boolean(isLastAttempt)), EventAttribute("refused", .boolean(wasRefused)),
      ]
    case .gaveUp(let call, let attempts, let reason):
      [
        EventAttribute("call", .string(call)), EventAttribute("attempts", .integer(Int64(attempts))),
        EventAttribute("reason", .string(reason.rawValue)),
      ]
    }
  }
}
