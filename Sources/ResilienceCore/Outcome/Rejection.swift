/// An error of our own layers that says: the work inside this layer was not started.
///
/// Thrown by an open breaker, an empty bucket, an expired deadline. It counts as neutral for the layers outside: it says
/// nothing about the destination. It is no proof that nothing ran at all, since it may come from a call that the work
/// itself made, after it had begun.
public protocol Rejection: Error {
  /// The earliest instant at which trying again can succeed; `nil` when none is known, and then nobody should.
  ///
  /// Instants count on the call's clock, not since 1970: for a delay use ``retryAfter(at:)`` with
  /// `CallContext.current.readClock()`.
  var retryAt: Instant? { get }

  /// Whether a retry may wait for ``retryAt``, with the caller waiting too. By default yes; an open breaker says no, since
  /// to fail fast is what it is for. What comes again without a caller, such as an event, goes by ``retryAt`` in any case.
  var isRetryable: Bool { get }
}

extension Rejection {
  /// Yes.
  public var isRetryable: Bool { true }

  /// How long to wait from `now` before trying again can succeed: what a `Retry-After` header says.
  ///
  /// - Returns: Zero or more; `nil` when no time is known.
  public func retryAfter(at now: Instant) -> Duration? {
    retryAt.map { .nanoseconds(max(0, now.nanoseconds(to: $0))) }
  }
}
