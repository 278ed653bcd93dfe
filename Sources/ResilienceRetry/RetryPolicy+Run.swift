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
    var call = CallContext.current
    loop.begin(&call)
    var attempt = call
    while true {
      attempt.attemptBegan()
      do {
        let value = try await RetryLoop.perform(attempt, body)
        let outcome = Outcome(ofValue: value)
        attempt.attemptEnded(of: call, outcome)
        switch loop.next(after: outcome, error: nil, attempt: &attempt, of: call) {
        case .stop: return value
        case .go: break
        case .wait(let instant):
          guard await loop.pause(until: instant, before: attempt, of: call) else { return value }
        }
      } catch {
        let outcome = Outcome(ofError: error)
        attempt.attemptEnded(of: call, outcome)
        switch loop.next(after: outcome, error: error, attempt: &attempt, of: call) {
        case .stop: throw error
        case .go: break
        case .wait(let instant):
          guard await loop.pause(until: instant, before: attempt, of: call) else { throw error }
        }
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
