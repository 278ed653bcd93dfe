import ResilienceTestKit
import ResilienceTestSupport
import Synchronization
import Testing

@testable import ResilienceBulkhead

@Suite struct BulkheadTests {
  /// Enters as often as it can.
  private func fill(_ bulkhead: Bulkhead, weight: Int = 1) -> Int {
    guard case .entered(let permit) = bulkhead.tryEnter(weight: weight, at: .s(0)) else { return 0 }
    let others = fill(bulkhead, weight: weight)
    permit.leave(at: .s(0))
    return 1 + others
  }

  @Test(arguments: [(1, 10), (2, 5), (3, 3), (10, 1)])
  func letsInAsMuchAsTheLimit(weight: Int, calls: Int) {
    let bulkhead = Bulkhead("inventory", limit: .fixed(10))
    #expect(fill(bulkhead, weight: weight) == calls)
    #expect(bulkhead.snapshot().inUse == 0)
    #expect(bulkhead.snapshot().rejected == 1)
  }

  @Test(arguments: [11, 1_000_000_000, .max])
  func oneThatIsTooHeavyIsToldSoAtOnce(weight: Int) async {
    let bulkhead = Bulkhead("inventory", limit: .fixed(10), maxWaiting: 5)
    guard case .impossible = bulkhead.tryEnter(weight: weight, at: .s(0)) else {
      Issue.record("it was let in, or could come again")
      return
    }
    await #expect(throws: ImpossibleWeight(bulkhead: "inventory", weight: weight, capacity: 10)) {
      try await bulkhead.run(weight: weight) {}
    }
    #expect(bulkhead.snapshot().rejected == 2)
  }

  @Test func aPermitThatIsDroppedGoesBack() {
    for limit in [BulkheadLimit.fixed(3), .adaptive(AdaptiveLimitPolicy(initial: 3))] {
      let bulkhead = Bulkhead("inventory", limit: limit)
      for _ in 0..<10 {
        guard case .entered(let permit) = bulkhead.tryEnter(weight: 2, at: .s(0)) else {
          Issue.record("a permit was lost")
          return
        }
        #expect(permit.weight == 2)
        #expect(bulkhead.snapshot().inUse == 2)
      }
      #expect(bulkhead.snapshot().inUse == 0)
    }
  }

  @Test func anotherLimitHoldsAtOnce() {
    let recorder = EventRecorder()
    let bulkhead = Bulkhead("inventory", limit: .fixed(2), onEvent: { recorder.record($0) })
    guard case .entered(let first) = bulkhead.tryEnter(weight: 2, at: .s(0)) else { return }
    bulkhead.update(.fixed(1))
    #expect(!entersAndLeaves(bulkhead))
    bulkhead.update(.fixed(3))
    #expect(entersAndLeaves(bulkhead))
    bulkhead.update(.adaptive(AdaptiveLimitPolicy(initial: 5)))
    #expect(entersAndLeaves(bulkhead, weight: 3))
    first.leave(at: .s(0))
    bulkhead.update(.fixed(4))
    #expect(fill(bulkhead) == 4)
    #expect(bulkhead.snapshot().inUse == 0)
    #expect(
      recorder.descriptions.filter { $0.contains("limit") } == [
        "bulkhead.limit_changed bulkhead=inventory from=2 to=1",
        "bulkhead.limit_changed bulkhead=inventory from=1 to=3",
        "bulkhead.limit_changed bulkhead=inventory from=3 to=5",
        "bulkhead.limit_changed bulkhead=inventory from=5 to=4",
      ])
  }

  @Test func aSnapshotIsReadAsMetrics() {
    let bulkhead = Bulkhead("inventory", limit: .fixed(7))
    guard case .entered(let permit) = bulkhead.tryEnter(weight: 4, at: .s(0)) else { return }
    _ = entersAndLeaves(bulkhead, weight: 4)
    let metrics = bulkhead.snapshot().metrics
    #expect(metrics.map(\.name).first == "bulkhead_limit")
    #expect(metrics.map(\.value) == [7, 4, 0, 0, 1, 0])
    #expect(metrics.allSatisfy { $0.labels == [Metric.Label("bulkhead", "inventory")] })
    permit.leave(at: .s(0))
  }

  @Test func errorsTellWhatToDo() {
    #expect(
      BulkheadFull(bulkhead: "inventory", reason: .queueFull, limit: 20, waiting: 40).description
        == "bulkhead \"inventory\" has no room and its queue is full; its limit is 20, and 40 calls wait")
    #expect(
      ImpossibleWeight(bulkhead: "inventory", weight: 30, capacity: 20).description
        == "bulkhead \"inventory\" refused a call: its weight must be in 0 ... 20, was 30")
    #expect(BulkheadFull(bulkhead: "inventory", reason: .noRoom, limit: 1, waiting: 0).retryAt == nil)
  }

  /// The room is handed to one that is cancelled at that moment, before it has left the queue.
  @Test func row40_roomHandedToACancelledWaiterGoesToTheNext() async throws {
    let bulkhead = Bulkhead("inventory", limit: .fixed(1), maxWaiting: 3)
    guard case .entered(let permit) = bulkhead.tryEnter(at: .s(0)) else { throw Broken() }
    for _ in 0..<2 {
      guard case .outside(let place) = try bulkhead.storage.enqueue(BulkheadClaim(), at: .s(0), .current)
      else {
        throw Broken()
      }
      place.turn.cancel()
    }
    let last = Task.immediate { try await bulkhead.run {} }
    permit.leave(at: .s(0))
    if bulkhead.snapshot().waiting > 0 {
      Issue.record("the room is lost")
      last.cancel()
    }
    try await last.value
    #expect(bulkhead.snapshot().inUse == 0)
  }

  /// For ThreadSanitizer, and for the word that is exchanged without the lock: on real threads.
  @Test(arguments: [(0, false), (4, false), (4, true)])
  func row39_permitsAreConservedOnRealThreads(maxWaiting: Int, isAdaptive: Bool) async {
    let limit: BulkheadLimit = isAdaptive ? .adaptive(AdaptiveLimitPolicy(maximum: 3)) : .fixed(3)
    let bulkhead = Bulkhead("inventory", limit: limit, maxWaiting: maxWaiting)
    let gauge = Gauge()
    await withTaskGroup { group in
      for task in 0..<8 {
        group.addTask {
          for call in 0..<150 {
            // Where room is lost they would wait for ever. Beside thousands of tests one waits for long.
            let deadline = Deadline(at: SystemClock().now.advanced(by: .seconds(900)))
            let work = Task {
              let permit = try await bulkhead.enter(
                weight: 1 + (task + call) % 3, priority: task % 2, deadline: deadline)
              gauge.add(1 + (task + call) % 3)
              await Task.yield()
              gauge.add(-1 - (task + call) % 3)
              if call % 7 == 0 { throw Broken() }
              permit.leave(at: SystemClock().now)
            }
            if call % 3 == 0 { work.cancel() }
            if case .failure(let error as BulkheadFull) = await work.result, error.reason == .deadline {
              gauge.lost.wrappingAdd(1, ordering: .relaxed)
              return
            }
          }
        }
      }
    }
    #expect(gauge.lost.load(ordering: .relaxed) == 0, "somebody waited for a quarter of an hour")
    #expect(gauge.most.load(ordering: .relaxed) <= 3)
    let snapshot = bulkhead.snapshot()
    #expect(snapshot.inUse == 0)
    #expect(snapshot.waiting == 0)
  }
}

private final class Gauge: Sendable {
  let inside = Atomic(0)
  let most = Atomic(0)
  let lost = Atomic(0)

  func add(_ change: Int) {
    most.max(inside.wrappingAdd(change, ordering: .relaxed).newValue, ordering: .relaxed)
  }
}
