import ResilienceCore
import ResilienceRegistry
import ResilienceTestKit
import Testing

@Suite struct ServiceWatchTests {
  @Test func row51_theFirstElementIsThePresentSnapshotForEveryWatcher() async {
    let registry = ServiceRegistry()
    var empty = registry.watch("inventory").makeAsyncIterator()
    #expect(await empty.next()?.ids == [])
    registry.register(ids: "b", "a")
    var early = registry.watch("inventory").makeAsyncIterator()
    #expect(await early.next()?.ids == ["a", "b"])
    registry.deregister("a", of: "inventory")
    var late = registry.watch("inventory").makeAsyncIterator()
    #expect(await late.next()?.ids == ["b"])
    #expect(await early.next()?.ids == ["b"])
    #expect(await empty.next()?.ids == ["b"])
  }

  @Test func row51_aSlowWatcherGetsTheNewestAndNoBacklog() async {
    let registry = ServiceRegistry()
    var watch = registry.watch("inventory").makeAsyncIterator()
    let first = await watch.next()
    for number in 0..<100 { registry.register(ids: "i\(number % 3)") }
    let second = await watch.next()
    #expect(second?.ids == ["i0", "i1", "i2"])
    #expect(first?.version == 0)
    #expect(second?.version == 100)
  }

  @Test func row51_cancellationEndsTheWatchAndLeavesNothing() throws {
    try Simulation(seed: 5).run { sim in
      let registry = ServiceRegistry()
      let seen = Log<[String]>()
      let watcher = Task.immediate(executorPreference: CallContext.current.executor) {
        for await snapshot in registry.watch("inventory") { seen.append(snapshot.ids) }
        return "ended"
      }
      registry.register(ids: "a")
      try await sim.sleep(for: .seconds(1))
      watcher.cancel()
      #expect(await watcher.value == "ended")
      // A cancelled watcher neither sees nor disturbs what comes later.
      registry.register(ids: "b")
      var next = registry.watch("inventory").makeAsyncIterator()
      #expect(await next.next()?.ids == ["a", "b"])
      #expect(seen.entries == [[], ["a"]])
    }
  }

  @Test func aWatcherIsToldOfAnExpiryAtItsInstantThoughNobodySweeps() throws {
    try Simulation(seed: 5).run { sim in
      let registry = ServiceRegistry()
      let lease = registry.register(instance("a"), ttl: .seconds(10))
      registry.register(instance("b"), ttl: .seconds(25))
      try await sim.sleep(for: .seconds(3))
      lease.renew()
      var watch = registry.watch("inventory").makeAsyncIterator()
      #expect(await watch.next()?.ids == ["a", "b"])
      #expect(await watch.next()?.ids == ["b"])
      #expect(sim.now == seconds(13))
      #expect(await watch.next()?.ids == [])
      #expect(sim.now == seconds(25))
    }
  }

  @Test(arguments: 0..<20)
  func versionsOnlyGrowAndTheLastStateArrivesWhateverTheInterleaving(seed: UInt64) throws {
    try Simulation(seed: seed).run { sim in
      let registry = ServiceRegistry()
      await withTaskGroup { group in
        for _ in 0..<3 {
          group.addTask {
            var version: UInt64?
            for await snapshot in registry.watch("inventory") {
              if let version { #expect(version < snapshot.version) }
              version = snapshot.version
              if snapshot.ids == ["end"] { return }
            }
            Issue.record("the watch ended by itself")
          }
        }
        for writer in 0..<3 {
          group.addTask {
            for _ in 0..<10 {
              let lease = registry.register(instance("i\(writer)"))
              try? await sim.sleep(for: .nanoseconds(Int64(CallContext.current.random() % 3)))
              lease.deregister()
            }
            if writer == 0 {
              try? await sim.sleep(for: .seconds(1))
              registry.register(ids: "end")
            }
          }
        }
      }
    }
  }

  /// A thousand watchers, ten thousand changes, and no backlog: each sees the last state, and no version
  /// twice.
  @Test(.timeLimit(.minutes(1)))
  func row51_aThousandWatchersOfTenThousandChangesAllSeeTheLastState() throws {
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a", "b", "c")
      let (seen, last) = (Log<Int>(), Log<UInt64>())
      await withTaskGroup { group in
        for _ in 0..<1000 {
          group.addTask {
            var (count, version) = (0, UInt64(0))
            for await snapshot in registry.watch("inventory") {
              #expect(snapshot.version > version)
              (count, version) = (count + 1, snapshot.version)
              if snapshot.ids == ["end"] { break }
            }
            seen.append(count)
            last.append(version)
          }
        }
        group.addTask {
          for number in 0..<10_000 {
            registry.report(number.isMultiple(of: 2) ? .healthy : .unhealthy, ofID: "b")
            // Watchers get a turn now and then.
            if number.isMultiple(of: 2000) { try? await sim.sleep(for: .nanoseconds(1)) }
          }
          registry.register(ids: "end")
          for id in ["a", "b", "c"] { registry.deregister(id, of: "inventory") }
        }
      }
      #expect(Set(last.entries) == [10_007])
      #expect(seen.entries.count == 1000)
      // Whoever is slow skips: a handful of snapshots each, not ten thousand.
      #expect(seen.entries.max() ?? 0 <= 10)
      #expect(registry.watcherCount(of: "inventory") == 0)
    }
  }

  /// One timer, whoever keeps it, and it is handed on.
  @Test(arguments: 0..<10 as Range<UInt64>)
  func row51_theWatcherThatKeepsTheTimerMayLeave(seed: UInt64) throws {
    try Simulation(seed: seed).run { sim in
      let registry = ServiceRegistry()
      registry.register(instance("a"), ttl: .seconds(90))
      let seen = Log<Instant>()
      let watchers = (0..<5).map { _ in
        Task.immediate(executorPreference: CallContext.current.executor) {
          for await snapshot in registry.watch("inventory") where snapshot.members.isEmpty {
            seen.append(sim.now)
          }
        }
      }
      for watcher in watchers.dropLast() {
        try await sim.sleep(for: .seconds(10))
        watcher.cancel()
      }
      try await sim.sleep(for: .seconds(60))
      #expect(seen.entries == [seconds(90)])
      #expect(registry.watcherCount(of: "inventory") == 1)
      watchers.last?.cancel()
      for watcher in watchers { await watcher.value }
      #expect(registry.watcherCount(of: "inventory") == 0)
    }
  }
}
