/// An error of our own layers that says: the work was not started.
///
/// Thrown by an open breaker, an empty bucket, an expired deadline. It counts as neutral for the layers outside, and is
/// proof that nothing ran, so that even a call that is not idempotent may be tried again.
public protocol Rejection: Error {
  /// The earliest instant at which trying again can succeed; `nil` when none is known, and then nobody should.
  var retryAt: Instant? { get }
}
