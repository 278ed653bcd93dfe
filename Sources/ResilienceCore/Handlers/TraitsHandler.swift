/// A handler that says something else about itself than its base does.
public struct TraitsHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// Whether doing it twice does harm, if that was said here.
  public var layer: HandlerLayer? { Self.layer(from: base.traits, to: traits) }

  /// The changed traits.
  public let traits: CallTraits

  @usableFromInline
  init(base: Base, traits: CallTraits) {
    self.base = base
    self.traits = traits
  }

  /// Calls the base.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    try await base.perform(input, in: context)
  }

  private static func layer(from old: CallTraits, to new: CallTraits) -> HandlerLayer? {
    if old.isReplayable, !new.isReplayable { return HandlerLayer("not replayable") }
    guard old.idempotency != new.idempotency else { return nil }
    return HandlerLayer(new.idempotency == .idempotent ? "idempotent" : "non-idempotent")
  }
}

extension Handler {
  /// Says that doing it twice is the same as doing it once.
  public func idempotent() -> TraitsHandler<Self> { changing { $0.idempotency = .idempotent } }

  /// Says that doing it twice does harm: it is tried again only on proof that nothing ran.
  ///
  /// The proof is a failure with ``Pushback/notProcessed-swift.property``, which `classify` or the error
  /// itself states: a connection that was refused, an answer that says so. A ``Rejection`` is none: the work
  /// may have begun, and have been refused by something that it called.
  public func nonIdempotent() -> TraitsHandler<Self> { changing { $0.idempotency = .nonIdempotent } }

  /// Says that sending the input uses it up, as a body that is streamed: there is never a second attempt, not
  /// even on proof that nothing ran, since part of the input may be gone.
  public func notReplayable() -> TraitsHandler<Self> { changing { $0.isReplayable = false } }

  /// Names the destination or operation, for errors, events and spans.
  public func named(_ name: String) -> TraitsHandler<Self> { changing { $0.name = name } }

  private func changing(_ change: (inout CallTraits) -> Void) -> TraitsHandler<Self> {
    var traits = traits
    change(&traits)
    return TraitsHandler(base: self, traits: traits)
  }
}
