internal import ResilienceCore
internal import Synchronization

// What is done between picks.

extension Balancer {
  /// Follows the registry, sweeps if it is time, and plans anew what has to be planned: each by one thread,
  /// outside the lock, while others go on with what there is.
  func catchUp(at now: Instant, draw: UInt64) {
    follow(at: now, draw: draw)
    sweep(at: now, draw: draw)
    if let source = state.withLock({ $0.beginPlanning() }) {
      let plan = BalancingPlan(source)
      _ = state.withLock { $0.finishPlanning(plan) }
    }
    eventQueue.drain()
  }

  private func follow(at now: Instant, draw: UInt64) {
    var isBehind = true
    while isBehind {
      let roster: FollowedRoster? = state.withLock { state in
        directory.isCurrent(state.version, at: now.nanoseconds) ? nil : state.beginFollowing(draw: draw)
      }
      guard let roster else { return }
      let update = roster.update(to: directory.snapshot(at: now))
      if update.baseVersion == 0 {
        isBehind = !begin(with: update, seed: roster.seed, at: now, draw: draw)
        continue
      }
      isBehind = state.withLock { state in
        let events = state.follow(update, at: now.nanoseconds, draw: draw)
        events?.forEach { eventQueue.enqueue($0) }
        publishedLayout.store(state.layout, ordering: .releasing)
        return events == nil
      }
    }
  }

  /// Takes the first list over, which may be a large one: it is prepared while no pick waits.
  ///
  /// - Returns: `false` when another thread has done so.
  private func begin(with update: RosterUpdate, seed: UInt64, at now: Instant, draw: UInt64) -> Bool {
    var prepared = BalancerStateMachine(service: service, policy: policy)
    prepared.seed = seed
    let events = prepared.follow(update, at: now.nanoseconds, draw: draw) ?? []
    return state.withLock { state in
      guard state.begin(as: &prepared) else { return false }
      events.forEach { eventQueue.enqueue($0) }
      publishedLayout.store(state.layout, ordering: .releasing)
      return true
    }
  }

  private func sweep(at now: Instant, draw: UInt64) {
    let (rules, size) = state.withLock { ($0.rules.outliers, $0.sweepSize(at: now.nanoseconds)) }
    guard let rules, let size else { return }
    let empty = [OutcomeCount](repeating: OutcomeCount(), count: size)
    guard let counts = state.withLock({ $0.beginSweep(at: now.nanoseconds, empty) }) else { return }
    let found = OutlierSweep(rules: rules).outliers(in: counts, draw: draw)
    state.withLock { state in
      state.finishSweep(found, at: now.nanoseconds).forEach { eventQueue.enqueue($0) }
    }
  }
}
