public import ResilienceCore

/// A call was not made, because its bulkhead was full.
///
/// It says nothing about when there is room, so it is not tried again: that would only lengthen the queue.
public struct BulkheadFull: Rejection, Hashable {
  /// Why the call did not go in.
  public enum Reason: String, Sendable, Hashable {
    /// There was no room, or somebody was waiting for it, and this call does not wait.
    case noRoom = "no_room"

    /// As many calls as the bulkhead allows are waiting already.
    case queueFull = "queue_full"

    /// It waited in a full queue, and a call that goes in before it came: of a higher priority, or a newer
    /// one where the newest goes first.
    case displaced

    /// Its deadline passed before its turn came.
    case deadline
  }

  /// The bulkhead's name.
  public let bulkhead: String

  /// Why the call did not go in.
  public let reason: Reason

  /// What could be inside.
  public let limit: Int

  /// How many calls waited.
  public let waiting: Int

  /// `nil`: nobody knows when somebody leaves.
  public var retryAt: Instant? { nil }

  /// Creates a rejection.
  public init(bulkhead: String, reason: Reason, limit: Int, waiting: Int) {
    self.bulkhead = bulkhead
    self.reason = reason
    self.limit = limit
    self.waiting = waiting
  }
}

extension BulkheadFull: CustomStringConvertible {
  /// Names the bulkhead, the reason, the limit and the queue.
  public var description: String {
    let because =
      switch reason {
      case .noRoom: "has no room"
      case .queueFull: "has no room and its queue is full"
      case .displaced: "has no room, and another call took this one's place in the full queue"
      case .deadline: "had no room before the deadline"
      }
    return "bulkhead \"\(bulkhead)\" \(because); its limit is \(limit), and \(waiting) calls wait"
  }
}
