internal import ResilienceCore
internal import Synchronization

extension BulkheadStorage {
  func change(_ change: (inout Guarded) -> Void) {
    withGuarded { guarded in
      let old = guarded.fullLimit
      change(&guarded)
      fastLimit.store(guarded.machine.limit, ordering: .relaxed)
      noteLimit(from: old, to: guarded.fullLimit)
    }
    letIn(at: CallContext.current.readClock())
    eventQueue?.drain()
  }

  /// Whether a new bulkhead of this policy would be no different, but for its counts, or for what was learned
  /// before `instant`.
  func isIdle(since instant: Instant, _ policy: BulkheadPolicy) -> Bool {
    withGuarded { guarded in
      guarded.machine.inUse == 0 && guarded.machine.waiting == 0 && guarded.policy == policy
        && (guarded.adaptive == nil || guarded.lastMeasured <= instant)
    }
  }

  func snapshot() -> BulkheadSnapshot {
    withGuarded { guarded in
      BulkheadSnapshot(
        name: name, limit: guarded.fullLimit, inUse: guarded.machine.inUse, waiting: guarded.machine.waiting,
        waited: waited.load(ordering: .relaxed), rejected: rejected.load(ordering: .relaxed),
        cancelled: cancelled.load(ordering: .relaxed), isProbing: guarded.adaptive?.isProbing ?? false,
        unloadedLatency: guarded.adaptive?.unloadedLatency)
    }
  }
}

extension BulkheadStorage.Guarded {
  var policy: BulkheadPolicy {
    BulkheadPolicy(unchecked: limit, maxWaiting: machine.maxWaiting, order: machine.order)
  }

  mutating func set(_ limit: BulkheadLimit) {
    self.limit = limit
    switch limit {
    case .fixed(let limit):
      (adaptive, isAlwaysNeeded) = (nil, isHeldByPermits)
      machine.limit = limit
    case .adaptive(let policy):
      let adaptive = AdaptiveLimit(policy)
      (self.adaptive, isAlwaysNeeded) = (adaptive, true)
      machine.limit = adaptive.limit
    }
  }
}
