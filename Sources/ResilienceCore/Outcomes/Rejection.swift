/// An error of our own layers that says: the work inside this layer was not started.
///
/// Thrown by an open breaker, an empty bucket, an expired deadline. It counts as neutral for the layers
/// outside: it says nothing about the destination. They take it that nothing was sent: a retry takes no token
/// of its budget for it, a limiter gives its permits back, a balancer goes on to another instance.
///
/// Work that has begun and then makes a call of its own must not let that call's refusal out as it is, since
/// layers outside cannot tell it from one of theirs: catch it, and throw an error that says what was left
/// undone. A retry does not repeat a call that is ``CallTraits/Idempotency/nonIdempotent`` for a refusal; a
/// balancer goes on to another instance all the same, and a bus delivers again.
///
/// ```swift
/// let order = ServiceCall("order") { (cart: Cart) in
///   let id = try await store.insert(cart)
///   do {
///     try await payment(id)
///   } catch let refusal as any Rejection {
///     throw OrderUnpaid(id: id, cause: refusal)   // something was done: a failure, and no refusal
///   }
///   return id
/// }
/// ```
public protocol Rejection: Error {
  /// The earliest instant at which trying again can succeed; `nil` when none is known, and then nobody
  /// should.
  ///
  /// Instants count on the call's clock, not since 1970: for a delay use ``retryAfter(at:)`` with
  /// `CallContext.current.readClock()`.
  var retryAt: Instant? { get }

  /// Whether a retry may wait for ``retryAt``, with the caller waiting too. By default yes; an open breaker
  /// says no, since to fail fast is what it is for. What comes again without a caller, such as an event, goes
  /// by ``retryAt`` in any case.
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
