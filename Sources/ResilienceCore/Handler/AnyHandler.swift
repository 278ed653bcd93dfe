/// A handler whose layers are hidden: for storage, and where a signature must not spell them.
///
/// Costs about 40 ns a call. Put it outside a whole stack, not around each layer. It can be decorated again.
public struct AnyHandler<Input: Sendable, Output: Sendable>: Handler {
  private let base: any Handler<Input, Output>

  /// Hides the layers of `base`.
  public init(_ base: any Handler<Input, Output>) {
    self.base = (base as? AnyHandler)?.base ?? base
  }

  /// Calls the hidden handler.
  public nonisolated(nonsending) func handle(_ input: Input, context: CallContext) async throws -> Output {
    try await base.handle(input, context: context)
  }

  /// The hidden handler's traits.
  public var traits: CallTraits { base.traits }

  /// The hidden handler's answer.
  public var readsCallID: Bool { base.readsCallID }

  /// The hidden handler's answer.
  public func outcome(ofValue value: Output) -> Outcome { base.outcome(ofValue: value) }

  /// The hidden handler's answer.
  public func outcome(ofError error: any Error) -> Outcome { base.outcome(ofError: error) }
}

extension Handler {
  /// Hides the layers behind one type.
  public func eraseToAnyHandler() -> AnyHandler<Input, Output> { AnyHandler(self) }
}
