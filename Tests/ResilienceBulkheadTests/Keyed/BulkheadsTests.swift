import ResilienceBulkhead
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct BulkheadsTests {
  private let policy = BulkheadPolicy(limit: 2)

  private func enter(_ bulkhead: Bulkhead, weight: Int = 1) -> BulkheadPermit? {
    switch bulkhead.tryEnter(weight: weight, at: .s(0)) {
    case .entered(let permit): permit
    case .rejected: nil
    case .impossible: nil
    }
  }

  @Test func oneKeysCallsCannotTakeAnothersRoom() throws {
    try Simulation(seed: 1).run { sim in
      let bulkheads = Bulkheads<String>("reports", policy: policy)
      let call = ServiceCall { (_: String) in try await sim.sleep(for: .seconds(1)) }
        .bulkhead(bulkheads, by: { $0 })
      #expect(call.layers[0].description == "bulkhead reports (2 at once, by key)")
      let ends = await withTaskGroup { group in
        for number in 0..<30 {
          group.addTask {
            let key = number < 28 ? "greedy" : "modest"
            return (key, await call.result(of: key))
          }
        }
        return await group.reduce(into: [String: Int]()) { counts, end in
          if case .success = end.1 { counts[end.0, default: 0] += 1 }
        }
      }
      #expect(ends == ["greedy": 2, "modest": 2])
      let snapshot = bulkheads.snapshot()
      #expect((snapshot.inUse, snapshot.rejected, snapshot.bulkheads) == (0, 26, 2))
    }
  }

  @Test func weightsPrioritiesAndTheInlineFace() throws {
    try Simulation(seed: 1).run { _ in
      let bulkheads = Bulkheads<String>("reports", policy: policy)
      let call = ServiceCall { (_: String) in }
        .bulkhead(bulkheads, by: { $0 }, claim: { BulkheadClaim(weight: $0.count) })
      try await call("ab")
      await #expect(throws: ImpossibleWeight(bulkhead: "reports/abc", weight: 3, capacity: 2)) {
        try await call("abc")
      }
      let inside = try await bulkheads.run(key: "ab", weight: 2) {
        await #expect(throws: BulkheadFull.self) { try await call("ab") }
        try await call("cd")
        return bulkheads["ab"].snapshot().inUse
      }
      #expect(inside == 2)
    }
  }

  @Test func furtherKeysShareOneBulkhead() {
    let bulkheads = Bulkheads<Int>("reports", policy: policy, maxBulkheads: 2)
    let first = enter(bulkheads.bulkhead(for: 1, at: .s(0)))
    let second = enter(bulkheads.bulkhead(for: 2, at: .s(0)))
    let shared = (3...5).map { bulkheads.bulkhead(for: $0, at: .s(0)) }
    #expect(shared.allSatisfy { $0 === shared[0] && $0.name == "reports/…" })
    // It has a limit as well.
    let third = enter(shared[0])
    let fourth = enter(shared[1])
    #expect(!entersAndLeaves(shared[2]))
    #expect(entersAndLeaves(bulkheads.bulkhead(for: 1, at: .s(0))))
    #expect(bulkheads.snapshot().shared == 3)
    #expect(bulkheads.snapshot().inUse == 4)
    first?.leave(at: .s(0))
    second?.leave(at: .s(0))
    third?.leave(at: .s(0))
    fourth?.leave(at: .s(0))
    // Nobody is inside: there is room for another key after the pause.
    #expect(bulkheads.bulkhead(for: 3, at: .s(1)).name == "reports/3")
    #expect(bulkheads.snapshot().rejected == 1)
  }

  @Test func whatIsIdleIsForgottenAndWhatIsInsideIsNot() {
    let bulkheads = Bulkheads<Int>("reports", policy: policy)
    let inside = enter(bulkheads.bulkhead(for: -1, at: .s(0)))
    for key in 0..<5_000 { #expect(entersAndLeaves(bulkheads.bulkhead(for: key, at: .s(0)))) }
    #expect(bulkheads.snapshot().bulkheads <= 513)
    #expect(bulkheads.snapshot().inUse == 1)
    #expect(bulkheads.bulkhead(for: -1, at: .s(0)).snapshot().inUse == 1)
    inside?.leave(at: .s(0))
  }

  /// What was learned is kept for as long as the table says, and a limit of its own for ever.
  @Test func whatWasLearnedOrSetIsKept() {
    let bulkheads = Bulkheads<Int>("reports", maxBulkheads: 2, idleTime: .seconds(60))
    guard let permit = enter(bulkheads.bulkhead(for: 1, at: .s(0))) else {
      Issue.record("there is room")
      return
    }
    permit.leave(at: .s(1))
    _ = bulkheads.bulkhead(for: 2, at: .s(1))
    bulkheads[2].update(.fixed(3))
    #expect(bulkheads.bulkhead(for: 3, at: .s(50)).name == "reports/…")
    #expect(bulkheads.bulkhead(for: 3, at: .s(62)).name == "reports/3")
    #expect(bulkheads.bulkhead(for: 2, at: .s(62)).snapshot().limit == 3)
  }

  @Test func anUpdateHoldsForAllThereAreAndThoseToCome() {
    let bulkheads = Bulkheads<Int>("reports", policy: policy, maxBulkheads: 2)
    let (first, second, shared) = (bulkheads[1], bulkheads[2], bulkheads[3])
    bulkheads.update(BulkheadPolicy(limit: 7, maxWaiting: 3, order: .lifo))
    for bulkhead in [first, second, shared] {
      #expect(bulkhead.policy == BulkheadPolicy(limit: 7, maxWaiting: 3, order: .lifo))
    }
    #expect(bulkheads.policy.limit == 7)
  }

  @Test func changesWhileCallsRun() async {
    let bulkheads = Bulkheads<Int>("reports", policy: BulkheadPolicy(limit: 3), maxBulkheads: 8)
    await withTaskGroup { group in
      for worker in 0..<4 {
        group.addTask {
          let random = SeededRandomSource(seed: UInt64(worker))
          for round in 0..<2_000 {
            try? await bulkheads.run(key: random.next(below: 20)) {
              if round % 10 == 0 { await Task.yield() }
            }
            if worker == 0, round % 50 == 0 { bulkheads.update(BulkheadPolicy(limit: .fixed(1 + round % 3))) }
          }
        }
      }
    }
    let snapshot = bulkheads.snapshot()
    #expect(snapshot.inUse == 0 && snapshot.waiting == 0 && snapshot.bulkheads <= 8)
  }
}
