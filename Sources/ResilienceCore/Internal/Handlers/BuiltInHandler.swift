/// What the handlers of this package tell each other beyond ``Handler``, so that they need not prepare for
/// the worst.
///
/// A handler of somebody else's does not conform, and is treated as one that reads and judges everything.
@usableFromInline
package protocol BuiltInHandler: Handler {
  /// Whether something in it reads ``CallContext/callID``, ``CallContext/attempt`` or
  /// ``CallContext/maxAttempts``, so that a retry outside must set them before the first attempt.
  var readsAttempt: Bool { get }

  /// Whether ``Handler/outcome(ofValue:)`` may call a value anything but a success, so that layers outside
  /// must ask.
  var judgesValues: Bool { get }

  /// Whether something in it may call its base more than once, so that a refusal at the end does not say that
  /// nothing ran.
  var repeatsCalls: Bool { get }

  /// The same as far as the type tells, where there is no handler yet.
  static var repeatsCallsByType: Bool { get }

  /// ``Handler/outcome(ofError:)`` for those who know the kind of the error already.
  func outcome(ofError error: any Error, _ kind: ErrorKind) -> Outcome
}

extension BuiltInHandler {
  @inlinable
  package static var repeatsCallsByType: Bool { true }
}

extension BuiltInHandler where Self: HandlerDecorator {
  @inlinable
  package static var repeatsCallsByType: Bool {
    Self.self is any RetriesInside.Type || Base.mayRepeatCallsByType
  }

  @inlinable
  package var readsAttempt: Bool { base.mayReadAttempt }

  @inlinable
  package var judgesValues: Bool { base.mayJudgeValues }

  @inlinable
  package var repeatsCalls: Bool { self is any RetriesInside || base.mayRepeatCalls }

  @inlinable
  package func outcome(ofError error: any Error, _ kind: ErrorKind) -> Outcome {
    base.classified(error, kind)
  }
}

// Looked up by a cast, which costs a thousand instructions: ask once, when a stack is made.
extension Handler {
  /// Whether something in it may read which attempt it is.
  @inlinable
  package var mayReadAttempt: Bool { (self as? any BuiltInHandler)?.readsAttempt ?? true }

  /// Whether a returned value may be anything but a success.
  @inlinable
  package var mayJudgeValues: Bool { (self as? any BuiltInHandler)?.judgesValues ?? true }

  /// Whether something in it may call its base more than once.
  @inlinable
  package var mayRepeatCalls: Bool { (self as? any BuiltInHandler)?.repeatsCalls ?? true }

  /// Whether something in a handler of this type may call its base more than once.
  @inlinable
  package static var mayRepeatCallsByType: Bool {
    (Self.self as? any BuiltInHandler.Type)?.repeatsCallsByType ?? true
  }
}

extension Handler {
  /// What the handler says of an error of this kind.
  @inlinable
  package func classified(_ error: any Error, _ kind: ErrorKind) -> Outcome {
    guard let builtIn = self as? any BuiltInHandler else { return outcome(ofError: error) }
    return builtIn.outcome(ofError: error, kind)
  }
}

// MARK: - Calling

extension Handler {
  /// Calls the handler as every layer does.
  ///
  /// Handlers of this package hand the context on to their leaf, which binds it. Somebody else's may be a
  /// leaf, so it is bound here. The test is decided where the type is known, and costs nothing.
  @inlinable
  @inline(__always)
  package nonisolated(nonsending) func perform(_ input: Input, in context: CallContext) async throws -> Output
  {
    if Self.self is any BuiltInHandler.Type {
      try await handle(input, context: context)
    } else {
      try await performBound(input, context)
    }
  }

  @inlinable
  @inline(never)
  func performBound(
    _ input: Input, _ context: CallContext, isolation: isolated (any Actor)? = #isolation
  ) async throws -> Output {
    guard context.isChanged else { return try await handle(input, context: context) }
    return try await CallContext.withCurrent(context, isolation: isolation) {
      try await handle(input, context: context.bound)
    }
  }
}
