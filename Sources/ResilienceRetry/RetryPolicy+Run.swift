public import ResilienceCore

extension RetryPolicy {
  /// Runs `body` until it succeeds or the policy gives up.
  ///
  /// The body runs where the caller runs: inside an actor it may touch the actor's state, and its result need not be
  /// `Sendable`. Rules and events are those of ``ResilienceCore/Handler/retry(_:budget:when:)``; what counts is the
  /// default: errors are failures, values that push back are.
  ///
  /// ```swift
  /// let rows = try await RetryPolicy().run(budget: budget) { attempt in
  ///   try await connection.query(statement)
  /// }
  /// ```
  ///
  /// A `run` inside another one, and a call made inside a handler, is a logical call of its own: it deposits into its
  /// budget too.
  ///
  /// - Parameters:
  ///   - budget: The destination's budget, which must outlive the call to be one; `nil` for unbounded extra load.
  ///   - body: The work, given the number of the attempt, from 1.
  /// - Returns: The body's value: the first that is no failure, or the last.
  /// - Throws: What the last attempt threw.
  @inlinable
  public nonisolated(nonsending) func run<Value>(
    budget: RetryBudget?, _ body: nonisolated(nonsending) (_ attempt: Int) async throws -> Value
  ) async throws -> Value {
    let loop = RetryLoop(policy: self, budget: budget)
    let context = CallContext.current
    var attempt = loop.begin(context)
    while true {
      do {
        let value = try await RetryLoop.perform(attempt, body)
        let outcome = Outcome(ofValue: value)
        if attempt.isObserved { RetryLoop.end(attempt, of: context.trace, outcome) }
        guard let next = loop.next(after: outcome, error: nil, attempt: attempt, of: context.trace) else {
          return value
        }
        if next.mustWait, await !loop.pause(before: next) { return value }
        attempt = next.attempt
      } catch {
        let outcome = Outcome(ofError: error)
        if attempt.isObserved { RetryLoop.end(attempt, of: context.trace, outcome, error: error) }
        guard let next = loop.next(after: outcome, error: error, attempt: attempt, of: context.trace) else {
          throw error
        }
        if next.mustWait, await !loop.pause(before: next) { throw error }
        attempt = next.attempt
      }
    }
  }
}

extension RetryLoop {
  @inlinable
  @inline(__always)
  static nonisolated(nonsending) func perform<Value>(
    _ attempt: CallContext, _ body: nonisolated(nonsending) (Int) async throws -> Value
  ) async throws -> Value {
    let number = Int(attempt.attempt)
    guard attempt.isChanged else { return try await body(number) }
    return try await Ambient.withInherited(attempt) { try await body(number) }
  }
}
