import ResilienceCore
import ResilienceRegistry
import ResilienceTestKit
import Testing

@Suite struct BalancedHandlerTests {
  private struct Broken: Error {}

  @Test func theBuilderRunsOnceForEachRegistration() throws {
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a", "b")
      let built = Log<String>()
      let call = registry.service("inventory").balanced(.roundRobin) { instance in
        built.append(instance.id)
        return ServiceCall { (_: Int) in instance.id }
      }
      #expect(built.entries == [])
      await withTaskGroup { group in
        for number in 0..<20 { group.addTask { _ = try? await call(number) } }
      }
      #expect(built.entries.sorted() == ["a", "b"])
      registry.report(.healthy, ofID: "a")
      registry.register(ids: "c")
      for number in 0..<6 { _ = try await call(number) }
      #expect(built.entries.sorted() == ["a", "b", "c"])
      registry.register(ids: "a")
      for number in 0..<6 { _ = try await call(number) }
      #expect(built.entries.sorted() == ["a", "a", "b", "c"])
    }
  }

  /// One client over its own limit (HTTP's 429) is no reason to leave an instance out; an instance that is
  /// overloaded (503) is left out.
  @Test(arguments: [
    (Pushback.retryAfter(.seconds(1)), 0), (.overloaded(retryAfter: .seconds(1)), 1), (.none, 1),
  ])
  func aLimitForOneClientEjectsNobody(pushback: Pushback, ejected: Int) throws {
    struct Answer: Error, PushbackProviding {
      let pushback: Pushback
    }
    for throwing in [true, false] {
      try Simulation(seed: 1).run { _ in
        let registry = ServiceRegistry()
        registry.register(ids: "a", "b")
        let policy = BalancingPolicy(
          .roundRobin, outliers: OutlierPolicy(maxEjectedShare: 0.5, consecutiveFailures: 3))
        let call = registry.service("inventory").balanced(policy) { _ in
          ServiceCall { (_: Int) in
            if throwing { throw Answer(pushback: pushback) }
          }.classify { _ in throwing ? nil : .failure(pushback) }
        }
        for number in 0..<20 { try? await call(number) }
        #expect(call.balancer.snapshot().instances.count { $0.isEjected } == ejected)
      }
    }
  }

  @Test func theHandlerOfAGoneInstanceIsDroppedWhileItsCallsFinish() throws {
    final class Connection: Sendable {
      let id: String
      let log: Log<String>
      init(_ id: String, _ log: Log<String>) {
        self.id = id
        self.log = log
      }
      deinit { log.append("closed \(id)") }
    }
    try Simulation(seed: 1).run { sim in
      let log = Log<String>()
      let registry = ServiceRegistry()
      let lease = registry.register(instance("a"))
      let call = registry.service("inventory").balanced(.roundRobin) { instance in
        let connection = Connection(instance.id, log)
        return ServiceCall { (delay: Duration) in
          try await sim.sleep(for: delay)
          log.append("answered \(connection.id)")
        }
      }
      let long = Task.immediate(executorPreference: CallContext.current.executor) {
        try await call(.seconds(10))
      }
      lease.deregister()
      registry.register(ids: "b")
      try await call(.seconds(1))
      try await call(.seconds(1))
      try await long.value
      try await call(.zero)
      try await call(.zero)
      #expect(
        log.entries == [
          "answered b", "answered b", "answered a", "closed a", "answered b", "answered b",
        ])
    }
  }

  @Test func traitsAndOutcomesAreThoseOfTheInstancesHandlers() async throws {
    let registry = ServiceRegistry()
    registry.register(ids: "a")
    let call = registry.service("inventory").balanced { _ in
      ServiceCall("stock") { (status: Int) in status }
        .classify { result in
          switch result {
          case .success(let status): status < 500 ? nil : .failure(.overloaded)
          case .failure(let error): error is Broken ? .success : nil
          }
        }
        .nonIdempotent()
    }
    #expect(call.traits == CallTraits(name: "inventory"))
    #expect(try await call(503) == 503)
    #expect(call.traits == CallTraits(name: "inventory", idempotency: .nonIdempotent))
    #expect(call.outcome(ofValue: 503) == .failure(.overloaded))
    #expect(call.outcome(ofValue: 200) == .success)
    #expect(call.outcome(ofError: Broken()) == .success)
    #expect(call.outcome(ofError: CancellationError()) == .failure)
  }

  @Test func withoutInstancesTheRefusalIsNeutralAndSaysThatNothingRan() async throws {
    let call = ServiceRegistry().service("inventory").balanced { _ in ServiceCall { (_: Int) in 1 } }
    let error = try #require(await #expect(throws: NoInstanceAvailable.self) { try await call(1) })
    #expect(call.outcome(ofError: error) == .neutral)
  }

  @Test func aLaterAttemptOfOneCallGoesToAnotherInstance() async throws {
    let registry = ServiceRegistry()
    registry.register(ids: "a", "b", "c", "d")
    let call = registry.service("inventory").balanced { instance in ServiceCall { (_: Int) in instance.id } }
    for _ in 0..<50 {
      var context = CallContext.current
      context.drawCallID()
      var tried: Set<String> = []
      for attempt in UInt32(1)...4 {
        context.beginAttempt(attempt)
        tried.insert(try await call.handle(1, context: context))
      }
      #expect(tried == ["a", "b", "c", "d"])
    }
  }

  @Test func anObserverIsToldWhoWasPicked() async throws {
    let registry = ServiceRegistry()
    registry.register(ids: "a", "b")
    let call = registry.service("inventory").balanced(.roundRobin) { instance in
      ServiceCall { (_: Int) in instance.id }
    }
    let recorder = EventRecorder()
    try await CallContext.withObserver(recorder) {
      _ = try await call(1)
      _ = try await call(2)
    }
    #expect(
      // Which one begins, chance decides.
      recorder.descriptions.sorted() == [
        "balancer.picked service=inventory instance=a", "balancer.picked service=inventory instance=b",
      ])
  }

  @Test func row52_withEveryInstanceDownACallIsStillTried() async throws {
    let registry = ServiceRegistry()
    registry.register(ids: "a", "b")
    registry.report(.unhealthy, ofID: "a")
    registry.report(.unhealthy, ofID: "b")
    let call = registry.service("inventory").balanced { instance in ServiceCall { (_: Int) in instance.id } }
    for number in 0..<10 { #expect(["a", "b"].contains(try await call(number))) }
    registry.report(.healthy, ofID: "b")
    for number in 0..<10 { #expect(try await call(number) == "b") }
  }

  /// First calls that race may build more than one, of which one is ever called.
  @Test func manyThreadsCallOneHandlerForEachRegistrationAndLeaveNoCountBehind() async throws {
    final class Built: Sendable {}
    let registry = ServiceRegistry()
    registry.register(ids: "a", "b", "c")
    let called = Log<(registration: String, built: ObjectIdentifier)>()
    let kept = Log<Built>()
    let call = registry.service("inventory").balanced { instance in
      let built = Built()
      kept.append(built)
      return ServiceCall { (_: Int) in
        called.append((instance.id + instance.address, ObjectIdentifier(built)))
        await Task.yield()
      }
    }
    await withTaskGroup { group in
      for worker in 0..<4 {
        group.addTask {
          for number in 0..<200 {
            if worker == 0, number % 20 == 0 {
              registry.register(ServiceInstance(id: "c", service: "inventory", address: "\(number)"))
            }
            try? await call(number)
          }
        }
      }
    }
    let snapshot = call.balancer.snapshot()
    #expect(snapshot.instances.map(\.inFlight) == [0, 0, 0])
    #expect(snapshot.picks == 800)
    #expect(called.entries.count == 800)
    let handlers = Dictionary(grouping: called.entries, by: \.registration).mapValues {
      Set($0.map(\.built)).count
    }
    #expect(handlers.values.allSatisfy { $0 == 1 })
    #expect(handlers.count >= 3)
  }

  @Test(arguments: BalancerStateMachineTests.strategies)
  func manyThreadsMayPickWhileInstancesComeAndGoAndAreEjected(strategy: BalancingStrategy) async throws {
    let registry = ServiceRegistry()
    registry.register(ids: "a", "b", "c", "d")
    let policy = BalancingPolicy(
      strategy, outliers: OutlierPolicy(interval: .milliseconds(1), consecutiveFailures: 2),
      slowStart: SlowStartPolicy(window: .milliseconds(2)))
    let refused = Log<Int>()
    let call = registry.service("inventory").balanced(policy, key: { (number: Int) in "\(number)" }) {
      instance in
      ServiceCall { (number: Int) in
        await Task.yield()
        if instance.id == "a" || number % 7 == 0 { throw Broken() }
      }
    }
    await withTaskGroup { group in
      for worker in 0..<4 {
        group.addTask {
          for number in 0..<500 {
            if worker == 0, number % 5 == 0 {
              registry.register(
                ServiceInstance(id: "e\(number % 3)", service: "inventory", weight: Double(number % 4)))
            }
            if worker == 1, number % 9 == 0 { registry.deregister("e\(number % 3)", of: "inventory") }
            if worker == 2, number % 9 == 0 {
              registry.report(number % 2 == 0 ? .unhealthy : .healthy, ofID: "b")
            }
            do { try await call(number) } catch is NoInstanceAvailable { refused.append(number) } catch {}
          }
        }
      }
    }
    let snapshot = call.balancer.snapshot()
    #expect(snapshot.instances.allSatisfy { $0.inFlight == 0 })
    #expect(snapshot.picks == 2000)
    #expect(refused.entries == [])
  }
}
