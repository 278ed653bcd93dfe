public import ResilienceCore

/// What a time limit decided.
public enum TimeoutEvent: ResilienceEvent, Hashable {
  /// `call` did not end within `limit` and was cancelled.
  case expired(call: String, limit: Duration)

  /// `call` was not begun: its deadline had passed `overdue` before.
  case refused(call: String, overdue: Duration)

  /// The caller of `call` went on after `limit`, and the work was left running.
  case abandoned(call: String, limit: Duration)

  /// Abandoned work ended at last, `overdue` after its limit, with `error` or, when that is `nil`, with a value.
  case abandonedEnded(call: String, overdue: Duration, error: String?)

  /// `timeout.expired`, `timeout.refused`, `timeout.abandoned` or `timeout.abandoned.ended`.
  public var name: String {
    switch self {
    case .expired: "timeout.expired"
    case .refused: "timeout.refused"
    case .abandoned: "timeout.abandoned"
    case .abandonedEnded: "timeout.abandoned.ended"
    }
  }

  /// The facts.
  public var attributes: [EventAttribute] {
    switch self {
    case .expired(let call, let limit), .abandoned(let call, let limit):
      [EventAttribute("call", .string(call)), nanoseconds("limit", limit)]
    case .refused(let call, let overdue):
      [EventAttribute("call", .string(call)), nanoseconds("overdue", overdue)]
    case .abandonedEnded(let call, let overdue, let error):
      [EventAttribute("call", .string(call)), nanoseconds("overdue", overdue)]
        + (error.map { [EventAttribute("error", .string($0))] } ?? [])
    }
  }

  private func nanoseconds(_ name: String, _ duration: Duration) -> EventAttribute {
    EventAttribute("\(name).nanoseconds", .integer(duration.clampedNanoseconds))
  }
}
