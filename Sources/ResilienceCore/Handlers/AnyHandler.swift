/// A handler whose layers are hidden: for storage, and where a signature must not spell them.
///
/// Costs about 20 ns a call. Put it outside a whole stack, not around each layer. It can be decorated again.
public struct AnyHandler<Input: Sendable, Output: Sendable>: BuiltInHandler {
  @usableFromInline let hidden: Hidden

  /// Closures, made where the layers are known, so that they fold: behind a protocol they would not.
  @usableFromInline
  final class Hidden: Sendable {
    @usableFromInline
    typealias Handle =
      nonisolated(nonsending) @Sendable (_ input: Input, _ context: CallContext) async throws -> Output

    @usableFromInline let handle: Handle
    @usableFromInline let traits: @Sendable () -> CallTraits
    @usableFromInline let layers: @Sendable () -> [HandlerLayer]
    @usableFromInline let outcomeOfValue: @Sendable (Output) -> Outcome
    @usableFromInline let outcomeOfError: @Sendable (any Error, ErrorKind) -> Outcome
    @usableFromInline let readsAttempt: Bool
    @usableFromInline let judgesValues: Bool
    @usableFromInline let repeatsCalls: Bool

    @inlinable
    init<Base: Handler>(_ base: Base) where Base.Input == Input, Base.Output == Output {
      handle = { input, context in try await base.perform(input, in: context) }
      traits = { base.traits }
      layers = { base.layers }
      outcomeOfValue = { base.outcome(ofValue: $0) }
      outcomeOfError = { base.classified($0, $1) }
      readsAttempt = base.mayReadAttempt
      judgesValues = base.mayJudgeValues
      repeatsCalls = base.mayRepeatCalls
    }
  }

  /// Hides the layers of `base`.
  @inlinable
  public init<Base: Handler>(_ base: Base) where Base.Input == Input, Base.Output == Output {
    hidden = (base as? AnyHandler)?.hidden ?? Hidden(base)
  }

  /// Calls the hidden handler.
  @inlinable
  public nonisolated(nonsending) func handle(_ input: Input, context: CallContext) async throws -> Output {
    try await hidden.handle(input, context)
  }

  /// The hidden handler's traits.
  public var traits: CallTraits { hidden.traits() }

  /// The hidden handler's layers.
  public var layers: [HandlerLayer] { hidden.layers() }

  @inlinable
  package var readsAttempt: Bool { hidden.readsAttempt }

  @inlinable
  package var judgesValues: Bool { hidden.judgesValues }

  @inlinable
  package var repeatsCalls: Bool { hidden.repeatsCalls }

  /// The hidden handler's answer.
  @inlinable
  public func outcome(ofValue value: Output) -> Outcome { hidden.outcomeOfValue(value) }

  /// The hidden handler's answer.
  @inlinable
  public func outcome(ofError error: any Error) -> Outcome {
    hidden.outcomeOfError(error, ErrorKind(of: error))
  }

  @inlinable
  package func outcome(ofError error: any Error, _ kind: ErrorKind) -> Outcome {
    hidden.outcomeOfError(error, kind)
  }
}

extension Handler {
  /// Hides the layers behind one type.
  @inlinable
  public func erased() -> AnyHandler<Input, Output> { AnyHandler(self) }
}
