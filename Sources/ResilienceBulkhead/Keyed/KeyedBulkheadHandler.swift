public import ResilienceCore

/// A handler of which only so many calls are made at one time for each key; see
/// ``ResilienceCore/Handler/bulkhead(_:by:claim:)``.
@frozen
public struct KeyedBulkheadHandler<Base: Handler, Key: Hashable & Sendable>: HandlerDecorator, BuiltInHandler
{
  /// The wrapped handler.
  public let base: Base

  /// The kind `bulkhead`, with name and limit, by key.
  public var layer: HandlerLayer? {
    HandlerLayer("bulkhead", named: bulkheads.name, "\(bulkheads.policy.limit), by key")
  }

  @usableFromInline let bulkheads: Bulkheads<Key>
  @usableFromInline let key: @Sendable (Base.Input) -> Key
  @usableFromInline let claim: (@Sendable (Base.Input) -> BulkheadClaim)?

  @usableFromInline
  init(
    base: Base, bulkheads: Bulkheads<Key>, key: @escaping @Sendable (Base.Input) -> Key,
    claim: (@Sendable (Base.Input) -> BulkheadClaim)?
  ) {
    self.base = base
    self.bulkheads = bulkheads
    self.key = key
    self.claim = claim
  }

  /// Enters the bulkhead of the input's key, waiting for it if it must, and calls the base.
  ///
  /// - Throws: ``BulkheadFull`` or ``ImpossibleWeight`` when the base was not called; `CancellationError`
  ///   when cancelled while waiting, before its deadline; else what the base throws.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    let (bulkhead, claim) = (bulkheads[key(input)], claim?(input) ?? BulkheadClaim())
    return try await BulkheadHandler(base: base, bulkhead: bulkhead, claim: claim, claimOfInput: nil)
      .handle(input, context: context)
  }
}

extension Handler {
  /// Limits how many calls are made at one time for each key, so that one key's calls cannot take another's
  /// room.
  ///
  /// ```swift
  /// let report = report.bulkhead(perTenant, by: { request in request.tenant })
  /// ```
  ///
  /// Put it outside the retry to limit calls, inside to limit attempts.
  ///
  /// - Parameters:
  ///   - bulkheads: The bulkhead of each key.
  ///   - key: Which key an input belongs to; pure and quick.
  ///   - claim: How much of the limit an input takes, and how soon; pure and quick. A weight of 0 is let
  ///     in at once and takes nothing; a negative one, or one above the limit, is refused with
  ///     ``ResilienceBulkhead/ImpossibleWeight``. Default: a weight of 1 and priority 0 each.
  public func bulkhead<Key: Hashable & Sendable>(
    _ bulkheads: Bulkheads<Key>, by key: @escaping @Sendable (_ input: Input) -> Key,
    claim: (@Sendable (_ input: Input) -> BulkheadClaim)? = nil
  ) -> KeyedBulkheadHandler<Self, Key> {
    KeyedBulkheadHandler(base: self, bulkheads: bulkheads, key: key, claim: claim)
  }
}
