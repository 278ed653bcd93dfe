/// What flows down a call tree without being passed: the task-locals.
///
/// Two kinds, for speed. What every call needs is one bitwise-copyable value, ``Inherited``, read once where a stack is
/// entered and bound once, in its leaf, if a layer changed it. References are in task-locals of their own, read only when
/// a flag in the context says that they are bound.
public enum Ambient {
  /// The part of the context that nested calls inherit.
  @frozen
  public struct Inherited: Sendable, BitwiseCopyable {
    @usableFromInline package var deadline: Deadline
    @usableFromInline package var trace: TraceIDs
    @usableFromInline package var flags: CallFlags
    @usableFromInline package var observer: ObserverHandle

    @inlinable
    package init(deadline: Deadline, trace: TraceIDs, flags: CallFlags, observer: ObserverHandle = .none) {
      self.deadline = deadline
      self.trace = trace
      self.flags = flags
      self.observer = observer
    }

    @inlinable
    package var unchanged: Inherited {
      Inherited(
        deadline: deadline, trace: trace, flags: flags.subtracting(.changed), observer: observer)
    }
  }

  // Spelled out: the macro's `$inherited` could not be used from inlinable code.
  @usableFromInline
  package static let inheritedKey = TaskLocal(
    wrappedValue: Inherited(deadline: .never, trace: .none, flags: []))

  @usableFromInline
  static let baggageKey = TaskLocal<(any Sendable)?>(wrappedValue: nil)

  // Internal, so that nobody binds it without setting the flag that says so.
  @TaskLocal static var boundEnvironment: CallEnvironment?

  /// Clock, chance and executor; bound by a simulator or a test, `nil` in production.
  public static var environment: CallEnvironment? { boundEnvironment }

  /// Who is told of attempts and decisions; bound by a sampled trace or a recorder.
  public static var observer: (any CallObserver)? { CallContext.current.inherited.observer.observer }

  /// What travels along but is no business of the layers: trace state and baggage, as their module keeps them.
  public static var baggage: (any Sendable)? { baggageKey.get() }
}

extension Ambient {
  /// Runs `body` with `context` as what nested calls start from. Stays on the caller's actor.
  @inlinable
  package static func withInherited<Result>(
    _ context: CallContext, isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    try await inheritedKey.withValue(context.inherited.unchanged) {
      // Capturing the parameter keeps the closure on the caller's actor.
      _ = isolation
      return try await body()
    }
  }

  /// Runs `body` with other time and chance: everything below takes its clock, its randomness and its executor from
  /// `environment`.
  public static func withEnvironment<Result>(
    _ environment: CallEnvironment, isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    var context = CallContext.current
    context.flags.insert(.environment)
    return try await $boundEnvironment.withValue(environment) {
      try await withInherited(context, isolation: isolation, body)
    }
  }

  /// Runs `body` with `observer` being told of every attempt and decision below.
  ///
  /// It replaces an observer bound further out; one that wants to pass on what it hears keeps the outer one. After `body`
  /// has returned, tasks that it left behind are not observed any more.
  public static func withObserver<Result>(
    _ observer: any CallObserver, isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    var context = CallContext.current
    let handle = ObserverHandle.register(observer)
    defer { handle.unregister() }
    context.observe(with: handle)
    return try await withInherited(context, isolation: isolation, body)
  }

  /// Runs `body` with `baggage` travelling along.
  @inlinable
  public static func withBaggage<Result>(
    _ baggage: (any Sendable)?, isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    try await baggageKey.withValue(baggage) {
      _ = isolation
      return try await body()
    }
  }
}
