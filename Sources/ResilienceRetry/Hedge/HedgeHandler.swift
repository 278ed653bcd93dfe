public import ResilienceCore

/// A handler whose slow calls are made a second time; see ``ResilienceCore/Handler/hedge(_:budget:)``.
public struct HedgeHandler<Base: Handler>: RetriesInside, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `hedge`, with its delay.
  public var layer: HandlerLayer? { HandlerLayer("hedge", "\(hedger.policy.delay)") }

  @usableFromInline let hedger: Hedger

  init(base: Base, hedger: Hedger) {
    self.base = base
    self.hedger = hedger
  }

  // A hedge inside a retry does not deposit.
  @inlinable
  package var readsAttempt: Bool { true }

  /// Calls the base, in a child task, and again while no answer comes; the first success is the answer.
  ///
  /// - Throws: What the deciding attempt throws, the first one when none succeeds; `CancellationError` when
  ///   the caller was cancelled before.
  @inlinable
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    // The children do not inherit an earlier cancellation.
    try Task.checkCancellation()
    let race = HedgeRace(hedger, context, base.traits)
    let first = begin(1, race.first(), input, race)
    var others: [Task<Result<Base.Output, any Error>, Never>] = []
    while let attempt = await race.next() {
      others.append(begin(attempt.number, attempt.context, input, race))
    }
    if race.isRunning {
      first.cancel()
      for other in others { other.cancel() }
    }
    let result = await first.value
    for other in others { _ = await other.value }
    let answer = race.answer()
    return try answer == 1 ? result.get() : await others[answer - 2].value.get()
  }

  @inlinable
  func begin(
    _ number: Int, _ attempt: CallContext, _ input: Base.Input, _ race: HedgeRace
  ) -> Task<Result<Base.Output, any Error>, Never> {
    Task.immediate(executorPreference: attempt.executor) { [base] in
      do {
        let value = try await base.perform(input, in: attempt)
        race.ended(number, attempt, base.judge(value: value, in: attempt), error: nil)
        return .success(value)
      } catch {
        race.ended(number, attempt, base.judge(error, in: attempt), error: error)
        return .failure(error)
      }
    }
  }

  /// What the hedge has done so far, and how long it waits at present.
  public func snapshot() -> HedgeSnapshot { hedger.snapshot(of: base.traits.name) }
}

extension Handler {
  /// Makes a call a second time when it is slow, and takes the first success: it cuts off the slowest few
  /// calls.
  ///
  /// The first attempt runs in a child task, begun in place. When it takes longer than the policy's delay, or
  /// at once when it fails, another one begins beside it, and so on up to `maxAttempts`. The first success is
  /// the answer; the others are cancelled and **waited for**, so that nothing is left behind; where the work
  /// ignores cancellation, see ``hedge(_:budget:abandoning:)``. Which errors and values are successes and
  /// failures is said at the leaf with `classify`.
  ///
  /// - **When none succeeds**, the caller gets what the first attempt came to.
  /// - **A failure that says not to try again**, and an error that is neutral, end the call at once: a
  ///   further attempt would come to the same. A refusal by a layer inside, and a destination that says that
  ///   it is overloaded, merely stop further attempts from beginning; none begins before a `retryAfter`
  ///   either, and nothing waits for it: that is a retry's business.
  /// - **An empty budget** stops further attempts from beginning, and nothing else. By the default one, when
  ///   more than a tenth of the calls are slow, not all of those are hedged.
  /// - **The deadline**: no attempt begins after it or, with a learned delay, when less time is left than
  ///   every second call takes.
  /// - **Cancellation** reaches all attempts; the call ends when they have. A value that comes nonetheless is
  ///   returned.
  /// - **A call that is not idempotent** is made again only on proof that nothing ran
  ///   (`Pushback.notProcessed`), unless the policy says otherwise.
  ///
  /// All attempts carry one call id, so that a balancer inside sends them to different instances. Put it
  /// outside the balancer and the attempt's timeout, inside a retry, never inside a breaker. Costs a task and
  /// a timer, about a microsecond.
  ///
  /// ```swift
  /// let stock = registry.service("inventory").balanced { instance in
  ///   ServiceCall("stock") { (sku: String) in try await client.stock(of: sku, at: instance.address) }
  /// }
  /// .hedge(HedgePolicy(), budget: budget)
  /// ```
  ///
  /// - Parameters:
  ///   - policy: Attempts and delay. Default: 2 attempts, after the learned 95th percentile.
  ///   - budget: The destination's budget, shared by all that repeats calls to it; `nil` for unbounded extra
  ///     load. A retry around it must have the same one, and does when it is applied next. Default: one of
  ///     its own, 10 % of the calls.
  public func hedge(
    _ policy: HedgePolicy = HedgePolicy(), budget: RetryBudget? = RetryBudget()
  ) -> HedgeHandler<Self> {
    HedgeHandler(base: self, hedger: Hedger(policy, budget: budget, provesRefusals: !mayRepeatCalls))
  }
}

extension HedgeHandler {
  /// Tries again, within the budget of the hedge: see
  /// ``ResilienceCore/Handler/retry(_:budget:onEvent:deciding:)``.
  ///
  /// Only the outermost layer's budget is deposited into, so that a hedge with one of its own inside a retry
  /// with another would soon have none left. A hedge without a budget leaves the retry with one of its own.
  public func retry(
    _ policy: RetryPolicy = RetryPolicy(),
    onEvent: (@Sendable (_ event: RetryEvent) -> Void)? = nil,
    deciding choice: (@Sendable (_ failure: RetryFailure<Base.Input>) -> RetryChoice)? = nil
  ) -> RetryHandler<Self> {
    retry(policy, budget: hedger.budget ?? RetryBudget(), onEvent: onEvent, deciding: choice)
  }
}
