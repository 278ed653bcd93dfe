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
}
