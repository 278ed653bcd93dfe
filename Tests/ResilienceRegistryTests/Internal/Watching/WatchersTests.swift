import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceRegistry

@Suite struct WatchersTests {
  @Test func whoeverWasWokenTakesNobodysPlaceInAListThatWasBegunAnew() {
    var watchers = Watchers()
    let old = watchers.add(Waiter("old"), timerAt: seconds(1))
    watchers.takeAll().grant()
    watchers = Watchers()
    let new = watchers.add(Waiter("new"), timerAt: seconds(2))
    #expect(old.ticket == new.ticket)
    watchers.remove(old).grant()
    #expect(watchers.count == 1)
    watchers.remove(new).grant()
    #expect(watchers.count == 0)
  }

  @Test func onlyTheFirstKeepsATimerAndTheNextIsWokenWhenItLeaves() {
    var watchers = Watchers()
    let (one, two, three) = (Waiter("one"), Waiter("two"), Waiter("three"))
    let places = [one, two, three].map { watchers.add($0, timerAt: seconds(1)) }
    #expect(places.map(\.timerAt) == [seconds(1), Deadline.never.instant, Deadline.never.instant])
    watchers.remove(places[2]).grant()
    #expect(one.grant() && three.grant(), "nobody was woken")
    watchers.remove(places[0]).grant()
    #expect(two.grant() == false, "the second was woken, to keep the timer")
    #expect(watchers.count == 0)
  }

  /// Followers that come and go: whoever stays misses nothing.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func followersOfAStoreMissNothingWhileOthersComeAndGo(seed: UInt64) throws {
    try Simulation(seed: seed).run { sim in
      let store = MemoryRegistryStore()
      let seen = Log<UInt64>()
      let executor = CallContext.current.executor
      let steady = (0..<2).map { _ in
        Task.immediate(executorPreference: executor) {
          try await store.follow("inventory", after: 0) { changes in
            // Busy for a while, so that the list of those who wait is often empty.
            try await sim.sleep(for: .milliseconds(3))
            for change in changes { seen.append(change.revision) }
          }
        }
      }
      for number in 0..<100 {
        let passing = Task.immediate(executorPreference: executor) {
          try await store.follow("inventory", after: 0) { _ in }
        }
        try await sim.sleep(for: .milliseconds(Int64(CallContext.current.random() % 5)))
        passing.cancel()
        _ = try await store.write(StoreRecord(instance("\(number)")), if: .always)
      }
      try await sim.sleep(for: .milliseconds(20))
      for revision in 1...100 as ClosedRange<UInt64> {
        #expect(seen.entries.count { $0 == revision } == 2, "revision \(revision)")
      }
      steady.forEach { $0.cancel() }
    }
  }
}
