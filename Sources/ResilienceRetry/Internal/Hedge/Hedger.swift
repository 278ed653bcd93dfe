internal import ResilienceCore
internal import Synchronization

/// What the calls of one hedge share: the policy, the budget, what was learned, and the counts.
@usableFromInline
final class Hedger: Sendable {
  private let constantPolicy: HedgePolicy
  private let live: LivePolicy<HedgePolicy>?
  let budget: RetryBudget?
  let learned: LearnedDelay?
  /// Whether a refusal says that nothing was sent: not behind a retry, whose earlier attempts were.
  let provesRefusals: Bool
  let calls = Atomic<UInt64>(0)
  let started = Atomic<UInt64>(0)
  let won = Atomic<UInt64>(0)
  let refused = Atomic<UInt64>(0)

  init(_ policy: HedgePolicy, budget: RetryBudget?, provesRefusals: Bool = true) {
    self.provesRefusals = provesRefusals
    constantPolicy = policy
    live = nil
    self.budget = budget
    if case .learned(let learning) = policy.delay.kind {
      learned = LearnedDelay(learning)
    } else {
      learned = nil
    }
  }

  init(live: LivePolicy<HedgePolicy>, budget: RetryBudget?, provesRefusals: Bool) {
    self.provesRefusals = provesRefusals
    constantPolicy = live.current
    self.live = live
    self.budget = budget
    // Learned whatever the delay is, as it may be a learned one next.
    learned = LearnedDelay(constantPolicy.delay.learning ?? HedgeDelay.Learning())
  }

  /// What holds at present.
  var policy: HedgePolicy { live?.current ?? constantPolicy }

  func begin(deadline: Deadline, idempotency: CallTraits.Idempotency, at now: Instant) -> HedgeStateMachine {
    let policy = policy
    return HedgeStateMachine(
      maxAttempts: policy.maxAttempts, delayNanoseconds: delayNanoseconds(policy),
      typicalNanoseconds: policy.delay.learning == nil ? 0 : learned?.typicalNanoseconds ?? 0,
      deadline: deadline,
      mayRepeat: idempotency != .nonIdempotent || policy.hedgesNonIdempotent, at: now)
  }

  func snapshot(of call: String) -> HedgeSnapshot {
    HedgeSnapshot(
      call: call, calls: calls.load(ordering: .relaxed), started: started.load(ordering: .relaxed),
      won: won.load(ordering: .relaxed), refused: refused.load(ordering: .relaxed),
      delay: delayNanoseconds(policy).map { .nanoseconds($0) })
  }

  private func delayNanoseconds(_ policy: HedgePolicy) -> Int64? {
    switch policy.delay.kind {
    case .fixed(let nanoseconds): return nanoseconds
    case .learned(let learning):
      if live != nil { learned?.update(learning) }
      return learned?.nanoseconds
    }
  }
}
