public import ResilienceCore

/// The caller's deadline passed while it waited for a shared execution.
///
/// It counts as a failure, as every time limit that was too short, and proves nothing about what ran: the execution goes
/// on for those who have more time.
public struct FlightTimedOut: Error, CustomStringConvertible {
  /// The call's name; empty when unnamed.
  public let call: String

  /// The deadline that passed.
  public let deadline: Deadline

  /// What the execution threw when it was cancelled because nobody waited any more, unless that was a plain
  /// `CancellationError`.
  public let underlying: (any Error)?

  /// Creates the error.
  public init(call: String = "", deadline: Deadline, underlying: (any Error)? = nil) {
    self.call = call
    self.deadline = deadline
    self.underlying = underlying
  }

  /// The call, the deadline, and what the execution said last.
  public var description: String {
    let subject = call.isEmpty ? "the call" : call
    let last = underlying.map { "; it ended with: \($0)" } ?? ""
    return
      "\(subject) did not end before the caller's deadline at \(deadline), while it was shared with others\(last)"
  }
}
