public import ResilienceCore

extension RetryPolicy {
  /// Runs `body` until it succeeds or the policy gives up.
  ///
  /// The body runs where the caller runs: inside an actor it may touch the actor's state, and its result need
  /// not be `Sendable`. Rules and events are those of
  /// ``ResilienceCore/Handler/retry(_:budget:onEvent:deciding:)``; what counts is the default: errors are
  /// failures, values that push back are.
  ///
  /// ```swift
  /// let rows = try await RetryPolicy().run(budget: budget) { attempt in
  ///   try await connection.query(statement)
  /// }
  /// ```
  ///
  /// A `run` inside another one, and a call made inside a handler, is a logical call of its own: it deposits
  /// into its budget too.
  ///
  /// - Parameters:
  ///   - budget: The destination's budget, which must outlive the call to be one; `nil` for unbounded extra
  ///     load.
  ///   - onEvent: Is told of every decision, before the wait. Default: nobody.
  ///   - body: The work, given the number of the attempt, from 1.
  /// - Returns: The body's value: the first that is no failure, or the last.
  /// - Throws: What the last attempt threw.
  @inlinable
  public nonisolated(nonsending) func run<Value>(
    budget: RetryBudget?, onEvent: (@Sendable (_ event: RetryEvent) -> Void)? = nil,
    _ body: nonisolated(nonsending) (_ attempt: Int) async throws -> Value
  ) async throws -> Value {
    let call = CallContext.current
    // Nobody can read the call's id: the body is not given the context.
    var context = call.isObserved ? loop(budget, onEvent).first(of: call, drawsID: false) : call
    var attempt = RetryAttempt(first: context, of: call)
    while true {
      do {
        let value = try await Self.perform(attempt.number, in: context, body)
        let outcome = Outcome(ofValue: value, in: context)
        if outcome.verdict == .success {
          if call.isObserved {
            loop(budget, onEvent).succeeded(outcome, attempt, of: call)
          } else if let budget, budget.isBelowMaximum {
            budget.noteSuccess(isFirst: attempt.isFirstOutcome)
          }
          return value
        }
        let loop = loop(budget, onEvent)
        attempt = loop.decideNext(after: outcome, nil, attempt, of: call)
        if attempt.isWaiting { attempt = await loop.pause(attempt, of: call) }
        if attempt.isOver { return value }
        context = loop.context(of: attempt, call)
      } catch {
        let loop = loop(budget, onEvent)
        attempt = loop.decideNext(after: Outcome(ofError: error, in: context), error, attempt, of: call)
        if attempt.isWaiting { attempt = await loop.pause(attempt, of: call) }
        if attempt.isOver { throw error }
        context = loop.context(of: attempt, call)
      }
    }
  }

  /// Made when something is to be decided, so that nothing is allocated for a call that succeeds at once.
  @usableFromInline
  @inline(never)
  func loop(_ budget: RetryBudget?, _ onEvent: (@Sendable (RetryEvent) -> Void)?) -> RetryLoop {
    RetryLoop("", self, budget: budget, onEvent: onEvent)
  }

  @inlinable
  @inline(__always)
  nonisolated(nonsending) static func perform<Value>(
    _ number: Int, in context: CallContext, _ body: nonisolated(nonsending) (Int) async throws -> Value
  ) async throws -> Value {
    guard context.isChanged else { return try await body(number) }
    return try await CallContext.withCurrent(context) { try await body(number) }
  }
}
