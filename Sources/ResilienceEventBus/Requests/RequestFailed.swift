/// The responder's group was given up on a request: no reply will come.
public struct RequestFailed: Error, Hashable, CustomStringConvertible {
  /// The request's event type.
  public let type: String

  /// The request's id.
  public let id: String

  /// Why it was given up; the dead letter has the last error.
  public let reason: DeadLetter.Reason

  /// Names the request and the reason.
  public var description: String { "request \"\(type)\" \(id) is a dead letter: \(reason)" }
}
