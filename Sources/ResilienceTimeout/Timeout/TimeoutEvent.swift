public import ResilienceCore

/// What a time limit decided.
public enum TimeoutEvent: ResilienceEvent, Hashable {
  /// `call` did not end within `limit` and was cancelled.
  case expired(call: String, limit: Duration)

  /// `call` was not begun: its deadline had passed `overdue` before.
  case refused(call: String, overdue: Duration)

  /// `timeout.expired` or `timeout.refused`.
  public var name: String {
    switch self {
    case .expired: "timeout.expired"
    case .refused: "timeout.refused"
    }
  }

  /// The facts.
  public var attributes: [EventAttribute] {
    switch self {
    case .expired(let call, let limit):
      [EventAttribute("call", .string(call)), .seconds("limit", limit)]
    case .refused(let call, let overdue):
      [EventAttribute("call", .string(call)), .seconds("overdue", overdue)]
    }
  }
}
