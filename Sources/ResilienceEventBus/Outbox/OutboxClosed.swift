/// An event was not published, because the handler whose outbox it would belong to has ended, or runs in
/// another task.
///
/// A task that a handler leaves running cannot publish with the handler's context: whether its events are to
/// appear was decided when the handler ended. One that publishes for itself is begun with `Task.detached`,
/// and takes no context along.
public struct OutboxClosed: Error, Hashable, CustomStringConvertible {
  /// The event type.
  public let type: String

  /// Names the type and says why.
  public var description: String {
    "the event \"\(type)\" was not published: the handler behind whose outbox it was made has ended, or runs in another task"
  }
}
