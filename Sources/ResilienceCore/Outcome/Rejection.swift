/// An error of our own layers that says: the work inside this layer was not started.
///
/// Thrown by an open breaker, an empty bucket, an expired deadline. It counts as neutral for the layers outside: it says
/// nothing about the destination. It is no proof that nothing ran at all, since it may come from a call that the work
/// itself made, after it had begun.
public protocol Rejection: Error {
  /// The earliest instant at which trying again can succeed; `nil` when none is known, and then nobody should.
  var retryAt: Instant? { get }
}
