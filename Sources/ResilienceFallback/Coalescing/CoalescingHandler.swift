public import ResilienceCore

/// A handler whose concurrent equal calls share one execution; see ``ResilienceCore/Handler/coalesce(by:)``.
@frozen
public struct CoalescingHandler<Base: Handler, Key: Hashable & Sendable>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `coalesce`, and nothing else.
  public var layer: HandlerLayer? { HandlerLayer("coalesce") }

  @usableFromInline let key: @Sendable (Base.Input) -> Key
  @usableFromInline let executions: SharedExecutionTable<Key, Base.Output>

  @usableFromInline
  init(
    base: Base, key: @escaping @Sendable (Base.Input) -> Key,
    executions: SharedExecutionTable<Key, Base.Output>
  ) {
    self.base = base
    self.key = key
    self.executions = executions
  }

  /// Joins the execution of an equal call that is in progress, or begins one.
  ///
  /// - Throws: What the execution throws, for every caller that waits for it; ``SharedExecutionTimedOut``
  ///   when the caller's deadline passes before; `CancellationError` when the caller is cancelled.
  @inlinable
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    let traits = base.traits
    if traits.idempotency == .nonIdempotent { return try await base.perform(input, in: context) }
    try Task.checkCancellation()
    let key = key(input)
    let (shared, isLeader) = executions.enter(key, context, name: traits.name)
    if isLeader { begin(shared, key, input, context) }
    do {
      return try await executions.wait(for: shared, key, context, name: traits.name)
    } catch let end as DesertedExecution {
      throw replacement(for: end.error, in: context)
    }
  }

  /// What the last caller gets when its deadline has passed, for an error with which the execution then
  /// ended: it replaces what leaving caused, which is a cancellation, and failures.
  @usableFromInline
  @inline(never)
  func replacement(for error: any Error, in context: CallContext) -> any Error {
    let outcome = base.judge(error, in: context)
    guard outcome.givesWayToLimit(error) else { return error }
    return SharedExecutionTimedOut(
      call: base.traits.name, deadline: context.deadline,
      underlying: error is CancellationError ? nil : error, pushback: outcome.pushback)
  }

  @inlinable
  func begin(_ shared: SharedExecution<Base.Output>, _ key: Key, _ input: Base.Input, _ context: CallContext)
  {
    var inner = context
    inner.dropDeadline()
    // Around the creation, which copies it: bound inside the task it would cost an actor's hop.
    CallContext.withSharedWork(shared) { execute(shared, key, input, inner) }
  }

  // A function of its own: in the closure around it, it would look up its types' metadata each time.
  @inlinable
  @inline(never)
  func execute(_ shared: SharedExecution<Base.Output>, _ key: Key, _ input: Base.Input, _ inner: CallContext)
  {
    let execution = Task.immediate(executorPreference: inner.executor) { [base, executions] in
      let result: Result<Base.Output, any Error>
      do {
        result = .success(try await base.perform(input, in: inner))
      } catch {
        result = .failure(error)
      }
      executions.end(shared, key, result)
      return result
    }
    shared.began(execution)
  }

  /// What has been shared so far.
  public func snapshot() -> CoalescingSnapshot { executions.snapshot(of: base.traits.name) }
}

extension Handler {
  /// Lets concurrent equal calls share one execution: a thousand callers that miss the same entry of a cache
  /// ask its source once.
  ///
  /// ```swift
  /// let product = ServiceCall("catalogue") { (id: Product.ID) in try await client.product(id) }
  ///   .timeout(.seconds(1))
  ///   .coalesce(by: \.self)
  /// ```
  ///
  /// While an execution is in progress, callers with an equal key wait for it and get its answer, or its
  /// error. Nothing is kept: the next caller after its end begins a new one.
  ///
  /// - **Cancellation**: a caller that is cancelled leaves, and the execution goes on for the others. When
  ///   the last one has left, it is cancelled and awaited; a caller that comes after that begins another. For
  ///   the layers inside, that is a time limit's doing when the last one left as its deadline had passed, so
  ///   that a breaker counts a hang; else the caller's.
  /// - **Deadlines**: a caller leaves when its own deadline passes, with
  ///   ``ResilienceFallback/SharedExecutionTimedOut``. The execution belongs to all who wait and knows no
  ///   deadline of theirs, so that nobody's cuts it short for the others; it ends with the latest, when
  ///   nobody is left. Give it a limit of its own, inside: `.timeout` or `.deadline`. An answer with which it
  ///   ends when the last one's deadline has passed is that caller's, also an error that `classify` calls no
  ///   failure.
  /// - **Priority**: it runs at that of the caller that began it, and is raised to that of each caller that
  ///   joins it.
  /// - **Trace**: it runs in the span of the caller that began it; the others note that span in a
  ///   ``ResilienceFallback/CoalescingEvent/joined(call:leader:)``.
  /// - **A call that is not idempotent** is never shared: two orders are two intents, however equal they
  ///   look.
  ///
  /// The key must hold all that the answer depends on, the tenant and the user too, or one gets what belongs
  /// to another. An execution that makes the same call with its own key waits for itself.
  ///
  /// Costs a task for the execution; a caller that joins costs an object.
  ///
  /// - Parameter key: What makes calls equal; quick and pure.
  public func coalesce<Key: Hashable & Sendable>(
    by key: @escaping @Sendable (_ input: Input) -> Key
  ) -> CoalescingHandler<Self, Key> {
    CoalescingHandler(base: self, key: key, executions: SharedExecutionTable())
  }
}
