public import ResilienceCore

/// Permits that were taken in advance, and can be given back.
///
/// They are there from ``due`` on. Giving them back by then makes everything as if they had never been
/// reserved, in whatever order reservations are cancelled: those made after it that are still held move up,
/// and what later calls are told is exact. Let go of the reservation when the permits are used; as long as
/// any is held, the bucket takes its lock for every call.
public final class Reservation: Sendable {
  /// How many permits.
  public let permits: Int

  private let bucket: TokenBucket
  // `nil` for no permits, which nobody has to keep.
  private let id: UInt64?
  private let madeAt: Instant

  init(_ bucket: TokenBucket, id: UInt64?, permits: Int, at now: Instant) {
    self.bucket = bucket
    self.id = id
    self.permits = permits
    madeAt = now
  }

  deinit {
    if let id { bucket.settle(id, permits) }
  }

  /// When the permits are there; `nil` once the reservation is cancelled.
  ///
  /// It moves up when an earlier reservation is cancelled, and either way when the limit changes;
  /// `Instant(nanoseconds: .max)` is never. Once it has come, it stays.
  public var due: Instant? {
    guard let id else { return madeAt }
    return bucket.due(of: id)
  }

  /// Gives the permits back, unless ``due`` has passed: then they count as used. A second time does nothing.
  ///
  /// Permits that were there and are not used after all are given back as any others: let go of the
  /// reservation, then ``TokenBucket/refund(_:at:)``.
  ///
  /// - Returns: Whether they were given back now.
  @discardableResult
  public func cancel(at now: Instant) -> Bool {
    guard let id else { return false }
    return bucket.cancel(id, at: now)
  }

  /// Gives the permits back at the present instant of the current context's clock, unless they were due
  /// before; see ``cancel(at:)``.
  @discardableResult
  public func cancel() -> Bool { cancel(at: CallContext.current.readClock()) }
}
