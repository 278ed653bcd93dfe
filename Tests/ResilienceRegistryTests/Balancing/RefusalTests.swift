import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceRegistry

private struct Closed: Rejection, Equatable {
  var id: String
  var retryAt: Instant?
}

private struct Broken: Error {}

/// What happens when the chosen instance's own layers refuse to start the work.
@Suite struct RefusalTests {
  private func service(_ ids: [String]) -> RegisteredService {
    let registry = ServiceRegistry()
    for id in ids { registry.register(ServiceInstance(id: id, service: "stock"), ttl: .seconds(60)) }
    return registry.service("stock")
  }

  @Test(arguments: [BalancingStrategy.roundRobin, .powerOfTwoChoices])
  func theCallGoesOnToAnInstanceThatAdmitsIt(strategy: BalancingStrategy) throws {
    try Simulation(seed: 1).run { _ in
      let call = service(["a", "b", "c", "d"]).balanced(strategy) { instance in
        ServiceCall(instance.id) { (_: Void) in
          if instance.id != "c" { throw Closed(id: instance.id, retryAt: Instant(nanoseconds: 1)) }
          return instance.id
        }
      }
      for _ in 0..<20 {
        let chosen = try await call()
        #expect(chosen == "c")
      }
      #expect(call.balancer.snapshot().instances.allSatisfy { $0.inFlight == 0 })
    }
  }

  @Test func whenAllRefuseTheCallerIsToldOfTheRefusalThatEndsFirst() throws {
    try Simulation(seed: 1).run { _ in
      let ends: [String: Int64?] = ["a": 30, "b": nil, "c": 10]
      let call = service(["a", "b", "c"]).balanced(.roundRobin) { instance in
        ServiceCall(instance.id) { (_: Void) in
          throw Closed(id: instance.id, retryAt: ends[instance.id]?.map { Instant(nanoseconds: $0) })
        }
      }
      for _ in 0..<3 {
        await #expect(throws: Closed(id: "c", retryAt: Instant(nanoseconds: 10))) { try await call() }
      }
      #expect(call.balancer.snapshot().picks == 9)
    }
  }

  @Test func aFailureOfTheWorkItselfIsNotTriedElsewhere() throws {
    try Simulation(seed: 1).run { _ in
      let calls = Log<String>()
      let call = service(["a", "b"]).balanced(.roundRobin) { instance in
        ServiceCall(instance.id) { (_: Void) in
          calls.append(instance.id)
          throw Broken()
        }
      }
      await #expect(throws: Broken.self) { try await call() }
      #expect(calls.entries == ["a"])
    }
  }

  @Test func aPassedDeadlineEndsTheSearch() throws {
    try Simulation(seed: 1).run { simulation in
      let calls = Log<String>()
      let call = service(["a", "b"]).balanced(.roundRobin) { instance in
        ServiceCall(instance.id) { (_: Void) in
          calls.append(instance.id)
          try await simulation.sleep(for: .seconds(2))
          throw Closed(id: instance.id)
        }
      }
      var context = CallContext.current
      context.tightenDeadline(to: Deadline(at: Instant(nanoseconds: 1_000_000_000)))
      let late = context
      await #expect(throws: Closed(id: "a")) { try await call.handle((), context: late) }
      #expect(calls.entries == ["a"])
    }
  }

  /// Whoever cancelled does not want to be answered by another instance, whatever the refusal.
  @Test func row66_theCallersCancellationEndsTheSearchAndCountsAgainstNobody() throws {
    try Simulation(seed: 1).run { sim in
      let calls = Log<String>()
      let call = service(["a", "b"]).balanced(.roundRobin) { instance in
        ServiceCall(instance.id) { (_: Void) in
          calls.append(instance.id)
          try? await sim.sleep(for: .seconds(60))
          throw Closed(id: instance.id)
        }
      }
      try await cancelling(after: .seconds(1), sim) {
        await #expect(throws: Closed(id: "a")) { try await call() }
      }
      #expect(calls.entries == ["a"])
      let snapshot = call.balancer.snapshot()
      #expect(snapshot.instances.map(\.inFlight) == [0, 0])
      #expect(snapshot.instances.map(\.health) == [.unknown, .unknown])
    }
  }

  @Test func theInlineFaceGoesOnToo() throws {
    let chosen = try Simulation(seed: 1).run { _ in
      try await service(["a", "b"]).balancer(.roundRobin).run { instance in
        if instance.id == "a" { throw Closed(id: "a") }
        return instance.id
      }
    }
    #expect(chosen == "b")
  }
}
