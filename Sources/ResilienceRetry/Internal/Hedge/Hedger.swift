internal import ResilienceCore
internal import Synchronization

/// What the calls of one hedge share: the policy, the budget, what was learned, and the counts.
@usableFromInline
final class Hedger: Sendable {
  let policy: HedgePolicy
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
    self.policy = policy
    self.budget = budget
    if case .learned(let learning) = policy.delay.kind {
      learned = LearnedDelay(learning)
    } else {
      learned = nil
    }
  }

  func begin(deadline: Deadline, idempotency: CallTraits.Idempotency, at now: Instant) -> HedgeStateMachine {
    HedgeStateMachine(
      maxAttempts: policy.maxAttempts, delayNanoseconds: delayNanoseconds,
      typicalNanoseconds: learned?.typicalNanoseconds ?? 0, deadline: deadline,
      mayRepeat: idempotency != .nonIdempotent || policy.hedgesNonIdempotent, at: now)
  }

  func snapshot(of call: String) -> HedgeSnapshot {
    HedgeSnapshot(
      call: call, calls: calls.load(ordering: .relaxed), started: started.load(ordering: .relaxed),
      won: won.load(ordering: .relaxed), refused: refused.load(ordering: .relaxed),
      delay: delayNanoseconds.map { .nanoseconds($0) })
  }

  private var delayNanoseconds: Int64? {
    switch policy.delay.kind {
    case .fixed(let nanoseconds): nanoseconds
    case .learned: learned?.nanoseconds
    }
  }
}
