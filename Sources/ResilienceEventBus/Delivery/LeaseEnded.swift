internal import ResilienceCore

/// A handler was at work on a delivery for longer than ``DeliveryPolicy/lease``: the delivery counts as
/// failed.
///
/// A dead letter's ``DeadLetter/lastError`` has its text.
public struct LeaseEnded: Error, Hashable, CustomStringConvertible {
  /// The lease.
  public let lease: Duration

  /// Says how long.
  public var description: String {
    "the handler had not returned after \(lease.unitText), the lease of a delivery, and was cancelled"
  }
}
