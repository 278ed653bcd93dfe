internal import ResilienceCore

/// Follows one service in a store: reads the list, then the changes, and the list again when that ends.
final class ServiceFollower<Store: RegistryStore>: Sendable {
  private let store: Store
  private let directory: ServiceDirectory
  private let refreshInterval: Duration
  private let timeout: Duration
  private let maxStaleness: Duration?
  private let view = Lock(StoreView())
  private let staleSince = Lock<Instant?>(nil)
  private let backoff = Backoff.exponential(base: .milliseconds(500), cap: maxPause)

  private static var maxPause: Duration { .seconds(20) }

  init(
    _ store: Store, _ directory: ServiceDirectory, refreshInterval: Duration, timeout: Duration,
    maxStaleness: Duration?
  ) {
    self.store = store
    self.directory = directory
    self.refreshInterval = refreshInterval
    self.timeout = timeout
    self.maxStaleness = maxStaleness
  }

  func run() async {
    await withDiscardingTaskGroup { group in
      // Beside each other: a store that is silent holds the following up, and then the list grows too old.
      group.addTask { await self.follow() }
      if let maxStaleness {
        group.addTask { await self.dropWhatIsTooOld(maxStaleness) }
      }
    }
  }

  private func follow() async {
    let clock = CallContext.current.clock
    var failures = 0
    while !Task.isCancelled {
      let began = clock.now
      do {
        try await readChanges(after: try await readList())
        failures = 0
      } catch {
        guard !Task.isCancelled else { return }
        // A watch that has held for a while fails for the first time.
        if began.advanced(by: Self.maxPause) <= clock.now { failures = 0 }
        let mayReadAtOnce = error is StoreCompacted && failures == 0
        if !mayReadAtOnce {
          noteFailure()
          let delay = backoff.delay(retry: failures, seed: CallContext.current.random())
          try? await clock.sleep(for: delay)
        }
        failures = min(failures + 1, 64)
      }
    }
  }

  private func readList() async throws -> UInt64 {
    let listing = try await within(timeout) { try await self.store.list(self.directory.service) }
    guard let listing else { throw StoreSilent() }
    apply(view.withLock { $0.take(listing) })
    noteSuccess()
    return listing.revision
  }

  /// Returns when it is time to read the list again.
  private func readChanges(after revision: UInt64) async throws {
    _ = try await within(refreshInterval) {
      try await self.store.follow(self.directory.service, after: revision) { changes in
        self.apply(self.view.withLock { $0.take(changes) })
      }
      throw StoreSilent()
    }
  }

  /// - Returns: `nil` when the time is over; it waits for the work to hear its cancellation.
  private func within<Result: Sendable>(
    _ limit: Duration, _ work: @escaping @Sendable () async throws -> Result
  ) async throws -> Result? {
    try await withThrowingTaskGroup(of: Result?.self) { group in
      defer { group.cancelAll() }
      // A race: a store's client may wait for ever.
      group.addTask { try await work() }
      group.addTask {
        try await CallContext.current.clock.sleep(for: limit)
        return nil
      }
      return try await group.next() ?? nil
    }
  }
}

/// The store did not answer in time, or ended a watch.
struct StoreSilent: Error {}

// MARK: - Telling the registry

extension ServiceFollower {
  /// How many registrations are changed under one lock.
  private static var batch: Int { 64 }

  private func apply(_ steps: StoreView.Steps) {
    let now = CallContext.current.readClock()
    for start in stride(from: 0, to: steps.written.count, by: Self.batch) {
      let records = steps.written[start..<min(start + Self.batch, steps.written.count)]
      directory.change(at: now) { table in ((), records.flatMap { table.adopt($0, at: now) }) }
    }
    for id in steps.left { _ = directory.deregister(id, epoch: nil, at: now) }
    // Together: that is how many are told from few.
    if !steps.lapsed.isEmpty {
      directory.change(at: now) { table in ((), table.lapse(steps.lapsed, at: now)) }
    }
  }

  private func noteSuccess() {
    let wasStale = staleSince.withLock { since in
      defer { since = nil }
      return since != nil
    }
    guard wasStale else { return }
    directory.change(at: CallContext.current.readClock()) { table in ((), table.setStale(since: nil)) }
  }

  private func noteFailure() {
    let now = CallContext.current.readClock()
    let isFirst = staleSince.withLock { since in
      defer { since = since ?? now }
      return since == nil
    }
    guard isFirst else { return }
    directory.change(at: now) { table in ((), table.setStale(since: now)) }
  }

  /// Looks every so often, so that it needs no signal.
  private func dropWhatIsTooOld(_ maxStaleness: Duration) async {
    let clock = CallContext.current.clock
    let pause = min(max(maxStaleness / 8, .milliseconds(1)), .seconds(60))
    while (try? await clock.sleep(for: pause)) != nil {
      guard let since = staleSince.withLock({ $0 }), since.advanced(by: maxStaleness) <= clock.now else {
        continue
      }
      view.withLock { $0 = StoreView() }
      for member in directory.snapshot(at: clock.now).members {
        directory.change(at: clock.now) { table in ((), table.giveUp(member.instance.id, at: clock.now)) }
      }
    }
  }
}
