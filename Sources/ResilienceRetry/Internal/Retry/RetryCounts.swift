internal import ResilienceCore
internal import Synchronization

/// What a retry did so far. Touched only when an attempt has failed.
struct RetryCounts: ~Copyable, Sendable {
  private let retries = Atomic<UInt64>(0)
  private let gaveUp = InlineArray<16, Atomic<UInt64>> { _ in Atomic(0) }

  func noteRetry() {
    retries.wrappingAdd(1, ordering: .relaxed)
  }

  func note(_ reason: RetryDecision.Reason) {
    gaveUp[reason.index].wrappingAdd(1, ordering: .relaxed)
  }

  func snapshot(of call: String, _ budget: RetryBudget.Snapshot) -> RetrySnapshot {
    var counts: [RetryDecision.Reason: UInt64] = [:]
    for reason in RetryDecision.Reason.allCases {
      let count = gaveUp[reason.index].load(ordering: .relaxed)
      if count > 0 { counts[reason] = count }
    }
    return RetrySnapshot(
      call: call, retries: retries.load(ordering: .relaxed), gaveUp: counts, budget: budget)
  }
}

extension RetryDecision.Reason {
  fileprivate var index: Int {
    switch self {
    case .notAFailure: 0
    case .cancelled: 1
    case .rejected: 2
    case .excluded: 3
    case .doNotRetry: 4
    case .notIdempotent: 5
    case .notReplayable: 6
    case .attemptsExhausted: 7
    case .retryAfterTooLong: 8
    case .deadline: 9
    case .budgetExhausted: 10
    }
  }
}
