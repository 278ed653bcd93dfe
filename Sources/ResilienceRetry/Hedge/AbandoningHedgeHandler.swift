public import ResilienceCore

/// A hedge whose callers do not wait for the attempts that lost; see
/// ``ResilienceCore/Handler/hedge(_:budget:abandoning:)``.
public struct AbandoningHedgeHandler<Base: Handler>: RetriesInside, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `hedge`, with its delay.
  public var layer: HandlerLayer? { HandlerLayer("hedge", "\(hedger.policy.delay), abandoning") }

  /// Counts what is left running.
  public let abandoned: AbandonedWork

  @usableFromInline let hedger: Hedger

  init(base: Base, hedger: Hedger, abandoned: AbandonedWork) {
    self.base = base
    self.hedger = hedger
    self.abandoned = abandoned
  }

  // A hedge inside a retry does not deposit.
  @inlinable
  package var readsAttempt: Bool { true }

  /// Calls the base, in a child task, and again while no answer comes; the first success is the answer.
  ///
  /// - Throws: What the deciding attempt throws, the first one when none succeeds; `CancellationError` when
  ///   the caller was cancelled before, or when it was cancelled and the first attempt did not hear it.
  @inlinable
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    // The children do not inherit an earlier cancellation.
    try Task.checkCancellation()
    let race = HedgeRace(hedger, context, base.traits)
    var attempts = [begin(1, race.first(), input, race)]
    while let attempt = await race.next() {
      attempts.append(begin(attempt.number, attempt.context, input, race))
    }
    let tasks = attempts.map(\.task)
    let left = await race.leave(attempts.map(\.work)) { for task in tasks { task.cancel() } }
    for (index, attempt) in attempts.enumerated() where !left.contains(.attempt(index + 1)) {
      _ = await attempt.task.value
    }
    let answer = race.answer()
    guard !left.contains(.attempt(answer)) else { throw CancellationError() }
    return try await attempts[answer - 1].task.value.get()
  }

  @usableFromInline
  typealias Attempt = (task: Task<Result<Base.Output, any Error>, Never>, work: AbandonableWork)

  // The work reports its end first, so that the attempt that decides the call is not taken for one that still
  // runs.
  @inlinable
  func begin(_ number: Int, _ attempt: CallContext, _ input: Base.Input, _ race: HedgeRace) -> Attempt {
    let work = race.abandonable(attempt, abandoned)
    let task = Task.immediate(executorPreference: attempt.executor) {
      [base] () -> Result<Base.Output, any Error> in
      do {
        let value = try await base.perform(input, in: attempt)
        work.end(attempt, error: nil)
        race.ended(number, attempt, base.judge(value: value, in: attempt), error: nil)
        return .success(value)
      } catch {
        work.end(attempt, error: error)
        race.ended(number, attempt, base.judge(error, in: attempt), error: error)
        return .failure(error)
      }
    }
    return (task, work)
  }

  /// What the hedge has done so far, and how long it waits at present.
  public func snapshot() -> HedgeSnapshot { hedger.snapshot(of: base.traits.name) }
}

extension Handler {
  /// Makes a call a second time when it is slow, takes the first success, and does not wait for the others:
  /// for work that ignores cancellation.
  ///
  /// As ``hedge(_:budget:)``, which waits until the cancelled attempts have ended: with one that is deaf to
  /// cancellation the quick answer of another comes no earlier than the slow one. Here the answer is given at
  /// once. Attempts that still run are left behind, cancelled, and run to their ends; what they come to is
  /// dropped, and told only to `work` and to the call's observer. One that honours its cancellation is
  /// counted too, for the moment that it takes.
  ///
  /// > Warning: Abandoned work is still there. It holds its memory, its connection, its locks. How much of it
  /// > piles up is bounded by ``ResilienceCore/AbandonedWork/limit``, and by a bulkhead around the call
  /// > itself, inside this layer, which keeps its permit until the work has really ended. Prefer
  /// > ``hedge(_:budget:)`` wherever the work honours cancellation.
  ///
  /// A caller that is cancelled cancels all attempts and waits for them, but no longer than 10 ms; then it
  /// throws what the first one came to, or `CancellationError` if that still runs.
  ///
  /// - Parameters:
  ///   - policy: Attempts and delay. Default: 2 attempts, after the learned 95th percentile.
  ///   - budget: As in ``hedge(_:budget:)``.
  ///   - work: Counts what is left running; share one for each destination, with its `timeout(_:abandoning:)`
  ///     too. When as much as it allows is left running, the caller waits for the attempts, as with
  ///     ``hedge(_:budget:)``.
  public func hedge(
    _ policy: HedgePolicy = HedgePolicy(), budget: RetryBudget? = RetryBudget(),
    abandoning work: AbandonedWork
  ) -> AbandoningHedgeHandler<Self> {
    AbandoningHedgeHandler(
      base: self, hedger: Hedger(policy, budget: budget, provesRefusals: !mayRepeatCalls), abandoned: work)
  }
}

extension AbandoningHedgeHandler {
  /// Tries again, within the budget of the hedge: see ``HedgeHandler/retry(_:onEvent:deciding:)``.
  public func retry(
    _ policy: RetryPolicy = RetryPolicy(),
    onEvent: (@Sendable (_ event: RetryEvent) -> Void)? = nil,
    deciding choice: (@Sendable (_ failure: RetryFailure<Base.Input>) -> RetryChoice)? = nil
  ) -> RetryHandler<Self> {
    retry(policy, budget: hedger.budget ?? RetryBudget(), onEvent: onEvent, deciding: choice)
  }
}
