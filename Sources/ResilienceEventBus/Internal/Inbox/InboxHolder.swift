/// The task that handles a reserved event.
///
/// `@unchecked`: asked under the inbox's lock, and only as long as the event is reserved. The task takes that
/// lock to commit or to release before it ends, so it is alive, and a task's cancellation may be read from
/// anywhere.
struct InboxHolder: @unchecked Sendable, Equatable {
  private let task: UnsafeCurrentTask

  /// `nil` outside a task.
  static var current: InboxHolder? { withUnsafeCurrentTask { $0.map(InboxHolder.init(task:)) } }

  /// Whether it is expected to end well: a task that was cancelled has no more than the rest of its lease.
  var isAtWork: Bool { !task.isCancelled }
}
