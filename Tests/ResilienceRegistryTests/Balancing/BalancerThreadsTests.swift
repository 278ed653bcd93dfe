import ResilienceCore
import ResilienceTestKit
import Synchronization
import Testing

@testable import ResilienceRegistry

/// Real threads, more than there are processors, that pick without a lock while the list changes under them.
@Suite struct BalancerThreadsTests {
  private static let pickers = 3
  private static let rounds = 4_000

  /// Keeps what it holds for a while: long enough for an instance to leave, and its slot to be wanted.
  private static func linger(_ rounds: Int) {
    let value = Atomic(0)
    for _ in 0..<rounds { value.wrappingAdd(1, ordering: .relaxed) }
  }

  /// Instances are named by numbers, and leave in the order in which they have come.
  private final class Line: Sendable {
    let registry = ServiceRegistry()
    let first = Atomic(0)
    let end = Atomic(0)
    let picking = Atomic(BalancerThreadsTests.pickers)

    var count: Int { end.load(ordering: .relaxed) - first.load(ordering: .relaxed) }

    func join() {
      let number = end.wrappingAdd(1, ordering: .relaxed).oldValue
      registry.register(ids: "\(number)")
    }

    func leave() {
      let number = first.wrappingAdd(1, ordering: .relaxed).oldValue
      registry.deregister("\(number)", of: "inventory")
    }
  }

  @Test(arguments: BalancerStateMachineTests.strategies)
  func aHeldPickStaysWhoItIsAndNoCountAndNoSlotIsLeftBehind(strategy: BalancingStrategy) {
    let line = Line()
    for _ in 0..<4 { line.join() }
    let policy = BalancingPolicy(
      strategy, outliers: OutlierPolicy(interval: .milliseconds(1), consecutiveFailures: 3))
    let balancer = line.registry.service("inventory").balancer(policy)
    let faults = Log<String>()
    let pick: @Sendable (UInt64) -> Void = { seed in
      let random = SeededRandomSource(seed: seed)
      for round in 0..<Self.rounds {
        let now = SystemClock.read()
        guard let pick = balancer.pick(at: now, key: "\(round % 7)", draw: random.next()) else {
          faults.append("nobody was picked in round \(round)")
          continue
        }
        let id = pick.instance.id
        if round % 16 == 0 { Self.linger(random.next(below: 3000)) }
        if pick.instance.id != id { faults.append("\(id) became \(pick.instance.id)") }
        switch random.next(below: 4) {
        case 0: pick.finish(Outcome(.failure), at: now)
        case 1: pick.finish(Outcome(.success), at: now)
        default: pick.release()
        }
      }
      line.picking.wrappingSubtract(1, ordering: .relaxed)
    }
    let change: @Sendable () -> Void = {
      var round = 0
      while line.picking.load(ordering: .relaxed) > 0 {
        line.join()
        line.leave()
        round += 1
        // Now and then a larger list, so that it outgrows its memory, and a smaller one again.
        if round % 50 == 0 { for _ in 0..<40 { line.join() } }
        while round % 50 == 25, line.count > 4 { line.leave() }
      }
    }
    let judge: @Sendable () -> Void = {
      var health = HealthStatus.unhealthy
      while line.picking.load(ordering: .relaxed) > 0 {
        line.registry.report(health, ofID: "\(line.first.load(ordering: .relaxed) + 1)")
        health = health == .healthy ? .unhealthy : .healthy
      }
    }
    onThreads([{ pick(1) }, { pick(2) }, { pick(3) }, change, judge])

    #expect(faults.entries.count == 0, "\(faults.entries.prefix(5))")
    let snapshot = balancer.snapshot()
    #expect(snapshot.instances.allSatisfy { $0.inFlight == 0 })
    #expect(snapshot.instances.map(\.id).sorted() == line.registry.instances(of: "inventory").ids.sorted())
    #expect(snapshot.picks == UInt64(Self.pickers * Self.rounds))
  }

  /// A machine with its lock; one thread changes its list, the others choose without the lock.
  private final class SharedMachine: Sendable {
    let table: SlotTable
    let state: Lock<BalancerStateMachine>
    let picks = Atomic<UInt64>(0)

    init() {
      let machine = BalancerStateMachine(service: "inventory", policy: BalancingPolicy())
      table = machine.table
      state = Lock(machine)
    }

    /// The first registration of the list that is in force; those below had left before whoever reads it goes
    /// on.
    var first: UInt64 { table.version.load(ordering: .acquiring) }

    func update(to epochs: [UInt64], version: UInt64) {
      let members = epochs.map { ServiceMember(instance: instance("\($0)"), epoch: $0, health: .healthy) }
      let roster = state.withLock { $0.beginFollowing(draw: 0) }
      let snapshot = ServiceSnapshot(service: "inventory", version: version, members: members)
      guard let update = roster?.update(to: snapshot) else { return }
      _ = state.withLock { $0.follow(update, at: 0, draw: 0) }
    }

    func release(_ slot: SlotReference, isPinned: Bool) {
      guard !slot.counter.release(), slot.counter.isAbandoned else { return }
      _ = state.withLock { state in
        isPinned ? state.noteRelease(of: slot.counter.slot) : state.freeIfAbandoned(slot.counter.slot)
      }
    }
  }

  @Test func nobodyIsPinnedWhoHadLeftAndAPinnedSlotIsGivenToNobodyElse() {
    let shared = SharedMachine()
    shared.update(to: [1, 2, 3], version: 1)
    let faults = Log<String>()
    let last: UInt64 = 3_000
    let pick: @Sendable (UInt64) -> Void = { seed in
      let random = SeededRandomSource(seed: seed)
      var round = 0
      while shared.first < last {
        round += 1
        let least = shared.first
        let slot = shared.table.betterOfTwo(random.next())
        // Between aiming and pinning the slot may be vacated and filled anew.
        if round % 16 == 0 { Self.linger(random.next(below: 1000)) }
        let isPinned = slot.counter.pin()
        if isPinned {
          shared.picks.wrappingAdd(1, ordering: .relaxed)
          let epoch = slot.counter.epoch.load(ordering: .relaxed)
          if epoch < least { faults.append("\(epoch) was pinned, \(least) was the first") }
          if round % 16 == 0 { Self.linger(random.next(below: 1000)) }
          let later = slot.counter.epoch.load(ordering: .relaxed)
          if later != epoch { faults.append("\(epoch) became \(later)") }
        }
        shared.release(slot, isPinned: isPinned)
      }
    }
    onThreads([
      { pick(1) }, { pick(2) }, { pick(3) },
      {
        for first in 2...last {
          shared.update(to: [first, first + 1, first + 2], version: first)
          Self.linger(300)
        }
      },
    ])
    #expect(faults.entries.count == 0, "\(faults.entries.prefix(5))")
    let machine = shared.state.withLock { $0 }
    #expect(machine.slots.allSatisfy { $0.inFlight == 0 })
    #expect(machine.members.count { $0 != nil } == 3)
    #expect(machine.slots.count <= 3 + 3 * Self.pickers)
    #expect(machine.picks == shared.picks.load(ordering: .relaxed))
  }

  /// A call that was added to a slot which had just closed keeps it until it is taken back.
  @Test func thePinThatIsTakenBackLastFreesTheSlotOfWhoeverHasLeft() {
    let registry = ServiceRegistry()
    registry.register(ids: "a", "b")
    let balancer = registry.service("inventory").balancer()
    registry.report(.unhealthy, ofID: "a")
    #expect(balancer.snapshot().instances.count == 2)
    // Only "b" is open.
    let slot = balancer.table.betterOfTwo(0)
    registry.report(.unhealthy, ofID: "b")
    #expect(balancer.snapshot().instances.count == 2)
    let isPinned = slot.counter.pin()
    #expect(!isPinned)
    let layout = balancer.publishedLayout.load(ordering: .relaxed)
    registry.deregister("b", of: "inventory")
    #expect(balancer.snapshot().instances.map(\.id) == ["a", "b"])
    balancer.unpin(slot)
    #expect(balancer.snapshot().instances.map(\.id) == ["a"])
    #expect(balancer.publishedLayout.load(ordering: .relaxed) > layout)
  }

  /// The first list, which is prepared outside the lock, is taken over once, whoever comes first.
  @Test func threadsThatComeTogetherGoByOneFirstList() {
    for round in 0..<20 as Range<UInt64> {
      let registry = ServiceRegistry()
      for number in 0..<50 { registry.register(ids: "\(number)") }
      let balancer = registry.service("inventory").balancer(.roundRobin)
      let nobody = Atomic(0)
      let pick: @Sendable () -> Void = {
        for _ in 0..<50 where balancer.pick(at: SystemClock.read(), draw: round << 32)?.instance == nil {
          nobody.wrappingAdd(1, ordering: .relaxed)
        }
      }
      onThreads([pick, pick, pick])
      #expect(nobody.load(ordering: .relaxed) == 0)
      let snapshot = balancer.snapshot()
      #expect(snapshot.picks == 150)
      #expect(snapshot.instances.count == 50)
      #expect(snapshot.instances.allSatisfy { $0.inFlight == 0 })
    }
  }

  /// A pick keeps what it needs for as long as it is there.
  @Test func aPickMayOutliveEverythingElse() {
    let registry = ServiceRegistry()
    registry.register(ids: "a", "b")
    let pick = registry.service("inventory").balancer().pick(at: SystemClock.read(), draw: 1)
    #expect(pick?.instance != nil)
  }
}
