/// What happened to work whose caller did not wait for its end.
public enum AbandonedWorkEvent: ResilienceEvent, Hashable {
  /// The caller of `call` went on `after` the work had begun, and the work was left running.
  case left(call: String, after: Duration)

  /// Work that was left running ended at last, `overdue` after its caller had gone on, with `error` or, when
  /// that is `nil`, with a value.
  case ended(call: String, overdue: Duration, error: String?)

  /// The caller of `call` waits for its work to end, since as much as is allowed was left running already:
  /// `running`.
  case refused(call: String, running: Int)

  /// `abandoned_work.left`, `abandoned_work.ended` or `abandoned_work.refused`.
  public var name: String {
    switch self {
    case .left: "abandoned_work.left"
    case .ended: "abandoned_work.ended"
    case .refused: "abandoned_work.refused"
    }
  }

  /// The facts.
  public var attributes: [EventAttribute] {
    switch self {
    case .left(let call, let elapsed):
      [
        EventAttribute("call", .string(call)),
        .seconds("after", elapsed),
      ]
    case .ended(let call, let overdue, let error):
      [
        EventAttribute("call", .string(call)),
        .seconds("overdue", overdue),
      ] + (error.map { [EventAttribute("error", .string($0))] } ?? [])
    case .refused(let call, let running):
      [EventAttribute("call", .string(call)), EventAttribute("running", .integer(Int64(running)))]
    }
  }
}
