import ResilienceCore
import ResilienceTestKit
import Testing

@Suite struct SimulatedNetworkTests {
  private struct Planned: Error {}

  /// Calls once and gives up after ten seconds; what came back, and when.
  private static func call(
    _ handler: some Handler<Int, Int>, _ simulation: Simulation
  ) async throws -> String {
    let caller = Task.immediate(executorPreference: CallContext.current.executor) { try await handler(1) }
    let impatience = Task.immediate(executorPreference: CallContext.current.executor) {
      try await simulation.sleep(for: .seconds(10))
      caller.cancel()
    }
    let result = await caller.result
    impatience.cancel()
    let what =
      switch result {
      case .success(let value): "\(value)"
      case .failure(let error): "\(type(of: error))"
      }
    return "\(what) at \(simulation.now)"
  }

  @Test func delaysTheInputOneWayAndTheAnswerTheOther() throws {
    let base = ScriptedHandler<Int, Int>("base", [.succeed(7), .fail(Planned())])
    let ends = try Simulation(seed: 1).run { sim in
      let network = SimulatedNetwork()
      network.setLink(NetworkLink(delay: .constant(.seconds(2))), from: "a", to: "b")
      network.setLink(NetworkLink(delay: .constant(.seconds(3))), from: "b", to: "a")
      let call = base.link(network, from: "a", to: "b")
      return try await [Self.call(call, sim), Self.call(call, sim)]
    }
    #expect(ends == ["7 at 5.0s", "Planned at 10.0s"])
    #expect(base.calls.map(\.instant.nanoseconds) == [2_000_000_000, 7_000_000_000])
  }

  @Test func aRequestMayArriveTwiceAndItsCopyAtAnotherTime() throws {
    let base = ScriptedHandler<Int, Int>("base", [.succeed(7), .succeed(8)], afterwards: .repeatLast)
    try Simulation(seed: 1).run { sim in
      let network = SimulatedNetwork(
        NetworkLink(delay: .uniform(.seconds(1) ... .seconds(3)), duplication: 1))
      let call = base.link(network, from: "a", to: "b")
      _ = try await call(1)
      try await sim.sleep(for: .seconds(10))
      #expect(network.snapshot().links.map(\.duplicated) == [1, 0])
    }
    #expect(base.calls.count == 2)
    #expect(base.calls.map(\.input) == [1, 1])
    #expect(Set(base.calls.map(\.instant)).count == 2)
  }

  /// Each message has a delay of its own: the second request may come before the first.
  @Test func laterMessagesOvertakeEarlierOnes() throws {
    let orders = try (0..<20 as Range<UInt64>).map { seed in
      let base = ScriptedHandler<Int, Int>("base", [.succeed(0)], afterwards: .repeatLast)
      try Simulation(seed: seed).run { _ in
        let network = SimulatedNetwork(NetworkLink(delay: .uniform(.seconds(1) ... .seconds(3))))
        let call = base.link(network, from: "a", to: "b")
        async let first = call(1)
        try await CallContext.current.clock.sleep(for: .milliseconds(100))
        async let second = call(2)
        _ = try await (first, second)
      }
      return base.calls.map(\.input)
    }
    #expect(Set(orders) == [[1, 2], [2, 1]])
  }

  @Test func theInnerLayersReadTheClockAgain() throws {
    let seen = try Simulation(seed: 1).run { _ in
      let network = SimulatedNetwork(NetworkLink(delay: .constant(.seconds(2))))
      let call = ServiceCall { (_: Int, context: CallContext) in
        var context = context
        return context.now.nanoseconds
      }.link(network, from: "a", to: "b")
      var context = CallContext.current
      _ = context.now
      return try await call.handle(0, context: context)
    }
    #expect(seen == 2_000_000_000)
  }

  @Test func aLostRequestIsSilenceAndALostAnswerIsSilenceAfterTheWork() throws {
    for (from, to, calls) in [("a", "b", 0), ("b", "a", 1)] {
      let base = ScriptedHandler<Int, Int>("base", [.succeed(7)])
      let (end, lost) = try Simulation(seed: 1).run { sim in
        let network = SimulatedNetwork(NetworkLink(delay: .zero))
        network.setLink(NetworkLink(delay: .zero, loss: 1), from: from, to: to)
        let end = try await Self.call(base.link(network, from: "a", to: "b"), sim)
        return (end, network.snapshot().links.map(\.lost))
      }
      #expect(end == "CancellationError at 10.0s")
      #expect(base.callCount == calls)
      #expect(lost.reduce(0, +) == 1)
    }
  }

  @Test func aPartitionHoldsInItsWindow() throws {
    let ends = try Simulation(seed: 1).run { sim in
      let network = SimulatedNetwork(
        NetworkLink(delay: .zero, partitions: [.seconds(5) ..< .seconds(6)]))
      let call = ScriptedHandler<Int, Int>("base") { _ in .succeed(7) }.link(network, from: "a", to: "b")
      var ends: [String] = []
      for second in [4, 5, 16] as [Int64] {
        try await CallContext.current.clock.sleep(until: Instant(nanoseconds: second * 1_000_000_000))
        try await ends.append(Self.call(call, sim))
      }
      return ends
    }
    #expect(ends == ["7 at 4.0s", "CancellationError at 15.0s", "7 at 16.0s"])
  }

  @Test func aLivePartitionEndsWhenItIsHealed() throws {
    let (ends, links) = try Simulation(seed: 1).run { sim in
      let network = SimulatedNetwork(NetworkLink(delay: .zero))
      let base = ScriptedHandler<Int, Int>("base") { _ in .succeed(7) }
      let call = base.link(network, from: "a", to: "b")
      let other = base.link(network, from: "c", to: "b")
      network.partition("b", "a")
      var ends = try await [Self.call(call, sim), Self.call(other, sim)]
      network.heal("a", "b")
      try await ends.append(Self.call(call, sim))
      return (ends, network.snapshot().links)
    }
    #expect(ends == ["CancellationError at 10.0s", "7 at 10.0s", "7 at 10.0s"])
    #expect(
      links.map { "\($0.from)\($0.to) \($0.sent) \($0.lost)" } == ["ab 2 1", "ba 1 0", "bc 1 0", "cb 1 0"])
  }

  @Test func losesTheShareThatItIsTold() throws {
    let lost = try Simulation(seed: 1).run { _ in
      let network = SimulatedNetwork(NetworkLink(delay: .zero))
      network.setLink(NetworkLink(delay: .zero, loss: 0.1), from: "a", to: "b")
      let call = ScriptedHandler<Int, Int>("base") { _ in .succeed(7) }.link(network, from: "a", to: "b")
      await withTaskGroup { group in
        for _ in 0..<1000 { group.addTask { _ = try? await call(0) } }
        try? await CallContext.current.clock.sleep(for: .seconds(1))
        group.cancelAll()
      }
      return network.snapshot().links.map(\.lost)
    }
    #expect(lost == [97, 0])
  }
}
