public import ResilienceCore

/// Permits that were taken in advance, and can be given back.
///
/// They are there from ``due`` on. Giving them back makes everything as if they had never been reserved, in whatever
/// order reservations are cancelled: those made after it that are still held move up, and what later calls are told is
/// exact. Let go of the reservation when the permits are used; as long as any is held, the bucket takes its lock for every call.
public final class Reservation: Sendable {
  /// How many permits.
  public let permits: Int

  private let bucket: TokenBucket
  private let id: UInt64

  init(_ bucket: TokenBucket, id: UInt64, permits: Int) {
    self.bucket = bucket
    self.id = id
    self.permits = permits
  }

  deinit {
    bucket.settle(id, permits)
  }

  /// When the permits are there; `nil` once the reservation is cancelled.
  ///
  /// It moves up when an earlier reservation is cancelled, and either way when the limit changes; `Instant(nanoseconds:
  /// .max)` is never. Once it has come, it stays.
  public var due: Instant? { bucket.due(of: id) }

  /// Gives the permits back. A second time does nothing.
  ///
  /// - Returns: Whether they were given back now.
  @discardableResult
  public func cancel(at now: Instant) -> Bool { bucket.cancel(id, at: now) }

  /// Gives the permits back at the present instant of the ambient clock; see ``cancel(at:)``.
  @discardableResult
  public func cancel() -> Bool { cancel(at: CallContext.current.readClock()) }
}
