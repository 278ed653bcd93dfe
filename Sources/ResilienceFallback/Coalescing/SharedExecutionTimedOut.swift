public import ResilienceCore

/// The caller's deadline passed while it waited for a shared execution.
///
/// It counts as a failure, as every time limit that was too short, and proves nothing about what ran: the
/// execution goes on for those who have more time.
public struct SharedExecutionTimedOut: Error, PushbackProviding, CustomStringConvertible {
  /// The call's name; empty when unnamed.
  public let call: String

  /// The deadline that passed.
  public let deadline: Deadline

  /// The failure with which the execution ended when it was cancelled because nobody waited any more, unless
  /// that was a plain `CancellationError`.
  public let underlying: (any Error)?

  /// What the destination asked for with that failure, such as not to be called before some time.
  public let pushback: Pushback

  /// Creates the error.
  public init(
    call: String = "", deadline: Deadline, underlying: (any Error)? = nil, pushback: Pushback = .none
  ) {
    self.call = call
    self.deadline = deadline
    self.underlying = underlying
    self.pushback = pushback
  }

  /// The call, and what the execution said last.
  public var description: String {
    let subject = call.isEmpty ? "the call" : call
    let last = underlying.map { "; it ended with: \($0)" } ?? ""
    return "\(subject) did not end before its caller's deadline, while it could be shared with others\(last)"
  }
}
