// What flows down a call tree without being passed: the task-locals.
//
// There are two kinds, for speed. What every call needs is one bitwise-copyable value, read where a stack is
// entered and bound in its leaf if a layer changed it. References are in task-locals of their own, which are
// read only when a flag in the context says that they are bound.

extension CallContext {
  // Spelled out: the macro's `$inherited` could not be used from inlinable code.
  @usableFromInline
  package static let inheritedKey = TaskLocal(
    wrappedValue: InheritedContext(deadline: .never, trace: .none, flags: []))

  @usableFromInline
  static let baggageKey = TaskLocal(wrappedValue: BoundBaggage(nil))

  // Read only when a task was cancelled: no flag says that it is bound.
  static let sharedWorkKey = TaskLocal<(any SharedWork)?>(wrappedValue: nil)

  // Internal, so that nobody binds it without setting the flag that says so.
  @TaskLocal static var boundEnvironment: CallEnvironment?

  // Read by nobody: it is there to be inherited.
  @TaskLocal static var observerRegistration: ObserverRegistration?

  /// The context that a call made here starts from: deadline, trace and environment of the enclosing call, if
  /// there is one.
  @inlinable
  public static var current: CallContext {
    CallContext(inherited: inheritedKey.get())
  }

  /// Clock, randomness and executor: bound by a simulator or a test, `nil` in production.
  public static var environment: CallEnvironment? { boundEnvironment }

  /// The observer that is told of attempts and decisions: bound by a sampled trace or a recorder.
  public static var observer: (any CallObserver)? { current.inherited.observer.observer }

  /// What travels along with a call and no layer reads: trace state and baggage, as their module keeps them.
  @inlinable
  public static var baggage: (any Sendable)? { boundBaggage().value }

  /// Whether there is one.
  @usableFromInline
  package static var hasBaggage: Bool {
    @inline(never) get { !baggageKey.get().isNone }
  }

  /// The baggage if it is nothing but a text of this type; empty if there is none, `nil` if it is another.
  package static func baggageText(of type: any TextBaggage.Type) -> String? {
    let bound = baggageKey.get()
    if bound.textType.map({ ObjectIdentifier($0) == ObjectIdentifier(type) }) == true { return bound.text }
    return bound.isNone ? "" : nil
  }

  /// The baggage as it is bound. Out of line: else the key itself is retained around it.
  @usableFromInline
  @inline(never)
  package static func boundBaggage() -> BoundBaggage { baggageKey.get() }
}

extension CallContext {
  /// Runs `body` with `context` as ``current``: nested calls start from its deadline, trace and observer.
  ///
  /// Layers hand a context down as an argument. The work at the end of a stack makes calls of its own that
  /// are not given it, so it must be bound around the work. ``ServiceCall`` and ``EventHandler`` bind it, and
  /// so does every layer of this package that calls a handler of another package. It is needed by a decorator
  /// that changes the context and calls its base itself:
  ///
  /// ```swift
  /// var inner = context
  /// inner.tightenDeadline(to: deadline)
  /// let tightened = inner
  /// return try await CallContext.withCurrent(tightened) { try await base.handle(input, context: tightened) }
  /// ```
  ///
  /// Runs on the caller's actor. Costs about 80 ns.
  ///
  /// - Parameters:
  ///   - context: What nested calls start from.
  ///   - isolation: The actor that the body runs on. Default: the caller's.
  ///   - body: The work.
  @inlinable
  public static func withCurrent<Result>(
    _ context: CallContext, isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    try await inheritedKey.withValue(context.inherited.unchanged) {
      // Capturing the parameter keeps the closure on the caller's actor.
      _ = isolation
      return try await body()
    }
  }

  /// Runs `body` with `context` as ``current`` and with a text as the baggage, where there was none; an empty
  /// one is none.
  @inlinable
  @inline(__always)
  package static func withCurrent<Result>(
    _ context: CallContext, baggage text: String, of type: any TextBaggage.Type,
    isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    if text.isEmpty { return try await withCurrent(context, isolation: isolation, body) }
    return try await baggageKey.withValue(BoundBaggage(text: text, of: type)) {
      try await inheritedKey.withValue(context.inherited.unchanged) {
        _ = isolation
        return try await body()
      }
    }
  }

  /// Runs `body` with another clock and randomness: all calls below take them, and the executor, from
  /// `environment`.
  public static func withEnvironment<Result>(
    _ environment: CallEnvironment, isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    var context = CallContext.current
    context.flags.insert(.environment)
    return try await $boundEnvironment.withValue(environment) {
      try await withCurrent(context, isolation: isolation, body)
    }
  }

  /// Runs `body` with `observer` being told of every attempt and decision below.
  ///
  /// It replaces an observer bound further out; ``withAddedObserver(_:isolation:_:)`` keeps that. Tasks that
  /// `body` leaves behind are observed too: the observer lives as long as the last task that inherited it.
  public static func withObserver<Result>(
    _ observer: any CallObserver, isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    var context = CallContext.current
    let registration = ObserverRegistration(observer)
    context.observe(with: registration.handle)
    return try await keeping(registration, isolation: isolation) {
      try await withCurrent(context, isolation: isolation, body)
    }
  }

  /// Runs `body` with `observer` being told of every attempt and decision below, after those that are told
  /// already: for a log or a counter, which must not silence a tracer. One that is among them is not told
  /// twice.
  public static func withAddedObserver<Result>(
    _ observer: any CallObserver, isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    let others = (Self.observer?.combined ?? []).filter { $0 !== observer }
    return try await withObserver(
      CombinedObserver.of(others + [observer]) ?? observer, isolation: isolation, body)
  }

  /// Runs `body` with an observer staying registered for it, and for every task that it leaves behind.
  package static func keeping<Result>(
    _ registration: ObserverRegistration, isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    try await $observerRegistration.withValue(registration) {
      _ = isolation
      return try await body()
    }
  }

  /// Runs `body`, which starts a task for `work`: the task and all that it starts know what they belong to.
  ///
  /// Not generic, so that no metadata is looked up.
  @usableFromInline
  @inline(never)
  package static func withSharedWork(_ work: any SharedWork, _ body: () -> Void) {
    sharedWorkKey.withValue(work, operation: body)
  }

  /// Runs `body` with `baggage` travelling along.
  @inlinable
  public static func withBaggage<Result>(
    _ baggage: (any Sendable)?, isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    try await baggageKey.withValue(BoundBaggage(baggage)) {
      _ = isolation
      return try await body()
    }
  }
}
