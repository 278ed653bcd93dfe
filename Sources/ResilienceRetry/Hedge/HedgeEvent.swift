public import ResilienceCore

/// What a hedge decided. A call whose first attempt is quick causes none.
public enum HedgeEvent: ResilienceEvent, Hashable {
  /// Attempt number `attempt` (2 or more) of `call` begins, `after` the call began.
  case started(call: String, attempt: Int, after: Duration)

  /// Of several attempts of `call`, number `attempt` succeeded first.
  case won(call: String, attempt: Int)

  /// Attempt number `attempt` of `call` still ran when the call was decided, and was cancelled.
  case lost(call: String, attempt: Int)

  /// Attempt number `attempt` of `call` did not begin: the budget has no token left.
  case refused(call: String, attempt: Int)

  /// `hedge.started`, `hedge.won`, `hedge.lost` or `hedge.refused`.
  public var name: String {
    switch self {
    case .started: "hedge.started"
    case .won: "hedge.won"
    case .lost: "hedge.lost"
    case .refused: "hedge.refused"
    }
  }

  /// The facts.
  public var attributes: [EventAttribute] {
    switch self {
    case .started(let call, let attempt, let delay):
      Self.attributes(call, attempt) + [
        .seconds("after", delay)
      ]
    case .won(let call, let attempt), .lost(let call, let attempt), .refused(let call, let attempt):
      Self.attributes(call, attempt)
    }
  }

  private static func attributes(_ call: String, _ attempt: Int) -> [EventAttribute] {
    [EventAttribute("call", .string(call)), EventAttribute("attempt", .integer(Int64(attempt)))]
  }
}
