public import ResilienceCore

extension RetryPolicy {
  /// Runs `body` until it succeeds or the policy gives up.
  ///
  /// The body runs where the caller runs: inside an actor it may touch the actor's state, and its result need not be
  /// `Sendable`. Rules and events are those of ``ResilienceCore/Handler/retry(_:budget:when:onEvent:)``; what counts is the
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
  ///   - onEvent: Is told of every decision, before the wait. Default: nobody.
  ///   - body: The work, given the number of the attempt, from 1.
  /// - Returns: The body's value: the first that is no failure, or the last.
  /// - Throws: What the last attempt threw.
  @inlinable
  public nonisolated(nonsending) func run<Value>(
    budget: RetryBudget?, onEvent: (@Sendable (_ event: RetryEvent) -> Void)? = nil,
    _ body: nonisolated(nonsending) (_ attempt: Int) async throws -> Value
  ) async throws -> Value {
    // Nobody can read the call's id: the body is not given the context.
    let loop = RetryLoop("", policy: self, budget: budget, onEvent: onEvent, drawsIDs: false)
    let context = CallContext.current
    let call = context.inherited.parts
    var attempt = loop.begin(context)
    while true {
      do {
        let value = try await loop.perform(attempt, of: call, body)
        let outcome = Outcome(ofValue: value)
        if outcome.verdict == .success {
          loop.succeeded(attempt, of: call, outcome)
          return value
        }
        switch loop.next(after: outcome, error: nil, attempt, of: call) {
        case .giveUp:
          return value
        case .retry(let next):
          attempt = next
        case .wait(let due):
          guard await loop.pause(before: due, of: call) else { return value }
          attempt = loop.beginNext(due, of: call)
        }
      } catch {
        switch loop.next(after: Outcome(ofError: error), error: error, attempt, of: call) {
        case .giveUp:
          throw error
        case .retry(let next):
          attempt = next
        case .wait(let due):
          guard await loop.pause(before: due, of: call) else { throw error }
          attempt = loop.beginNext(due, of: call)
        }
      }
    }
  }
}

extension RetryLoop {
  @inlinable
  @inline(__always)
  nonisolated(nonsending) func perform<Value>(
    _ attempt: RetryAttempt, of call: Ambient.Inherited.Parts,
    _ body: nonisolated(nonsending) (Int) async throws -> Value
  ) async throws -> Value {
    let number = Int(attempt.number)
    let context = attempt.context(of: call, maxAttempts: maxAttempts)
    guard context.isChanged else { return try await body(number) }
    return try await Ambient.withInherited(context) { try await body(number) }
  }
}
