import ResilienceBulkhead
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct BulkheadUpdateTests {
  private enum End: Hashable {
    case entered(Instant)
    case rejected(BulkheadFull.Reason)
  }

  /// Calls that come a tenth of a second apart and stay for a second, and what is changed after half a
  /// second.
  private func play(
    _ calls: Int, _ policy: BulkheadPolicy, then later: BulkheadPolicy, lateCalls: Int = 0
  ) throws -> [End] {
    try Simulation(seed: 1).run { sim in
      let bulkhead = Bulkhead("line", policy: policy)
      let ends = await withTaskGroup { group in
        for number in 0..<(calls + lateCalls) {
          group.addTask {
            let at = number < calls ? 0.1 * Double(number) : 0.6 + 0.01 * Double(number - calls)
            try? await sim.sleep(for: .seconds(at))
            do {
              return try await bulkhead.run {
                let now = sim.now
                try await sim.sleep(for: .seconds(1))
                return (number, End.entered(now))
              }
            } catch let error as BulkheadFull {
              return (number, .rejected(error.reason))
            } catch {
              return (number, .rejected(.deadline))
            }
          }
        }
        try? await sim.sleep(for: .seconds(0.55))
        bulkhead.update(later)
        return await group.reduce(into: [Int: End]()) { $0[$1.0] = $1.1 }
      }
      #expect(bulkhead.policy == later)
      #expect(bulkhead.snapshot().inUse == 0 && bulkhead.snapshot().waiting == 0)
      return (0..<(calls + lateCalls)).compactMap { ends[$0] }
    }
  }

  @Test func anotherOrderHoldsForThoseThatWait() throws {
    let ends = try play(
      4, BulkheadPolicy(limit: 1, maxWaiting: 9), then: BulkheadPolicy(limit: 1, maxWaiting: 9, order: .lifo))
    #expect(ends == [.entered(.s(0)), .entered(.s(3)), .entered(.s(2)), .entered(.s(1))])
  }

  @Test func backToFirstComeFirstServed() throws {
    let ends = try play(
      4, BulkheadPolicy(limit: 1, maxWaiting: 9, order: .lifo), then: BulkheadPolicy(limit: 1, maxWaiting: 9))
    #expect(ends == [.entered(.s(0)), .entered(.s(1)), .entered(.s(2)), .entered(.s(3))])
  }

  @Test func thoseThatWaitKeepTheirPlacesInAShorterQueue() throws {
    let ends = try play(
      4, BulkheadPolicy(limit: 1, maxWaiting: 9), then: BulkheadPolicy(limit: 1, maxWaiting: 2), lateCalls: 1)
    #expect(
      ends == [.entered(.s(0)), .entered(.s(1)), .entered(.s(2)), .entered(.s(3)), .rejected(.queueFull)])
  }

  @Test func aLongerQueueTakesMore() throws {
    let ends = try play(
      2, BulkheadPolicy(limit: 1), then: BulkheadPolicy(limit: 1, maxWaiting: 1), lateCalls: 2)
    #expect(ends == [.entered(.s(0)), .rejected(.noRoom), .entered(.s(1)), .rejected(.queueFull)])
  }

  @Test func moreRoomLetsInThoseThatWait() throws {
    let ends = try play(
      4, BulkheadPolicy(limit: 1, maxWaiting: 9), then: BulkheadPolicy(limit: 3, maxWaiting: 9))
    #expect(ends == [.entered(.s(0)), .entered(.s(0.55)), .entered(.s(0.55)), .entered(.s(1))])
  }

  @Test func aLimitThatIsTheSameGoesOnWithWhatItHasLearned() throws {
    try Simulation(seed: 1).run { sim in
      let bulkhead = Bulkhead("line", limit: .adaptive(AdaptiveLimitPolicy(initial: 3)))
      await withTaskGroup { group in
        for _ in 0..<3 {
          group.addTask {
            for _ in 0..<300 { try? await bulkhead.run { try await sim.sleep(for: .milliseconds(10)) } }
          }
        }
      }
      let learned = bulkhead.snapshot()
      #expect(learned.unloadedLatency != nil)
      bulkhead.update(BulkheadPolicy(limit: bulkhead.policy.limit, maxWaiting: 5))
      #expect(bulkhead.snapshot() == learned)
      bulkhead.update(BulkheadPolicy(limit: .adaptive(AdaptiveLimitPolicy(initial: 4)), maxWaiting: 5))
      #expect(bulkhead.snapshot().limit == 4)
      #expect(bulkhead.snapshot().unloadedLatency == nil)
    }
  }
}
