import Resilience
import ResilienceHub
import Testing

/// The root's contracts, through HTTP on loopback.
@Suite(.timeLimit(.minutes(4))) struct ContractTests {
  @Test func aRemoteBrokerKeepsThePromisesOfABrokerInMemory() async throws {
    #expect(EventBrokerContract.cases.count >= 40)
    let memory = MemoryBroker(policy: BrokerPolicy(session: .seconds(8)))
    try await withHub(Hub(broker: memory)) { endpoint in
      let broker = RemoteBroker(at: endpoint)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, promise) in EventBrokerContract.cases.enumerated() {
          // So many at once that no session ends for want of a processor.
          if index >= 8 { try await group.next() }
          group.addTask { try await promise.tried(on: broker) }
        }
        try await group.waitForAll()
      }
    }
  }

  /// In a process, which is killed where a crash is asked for.
  @Test func aRemoteBrokerKeepsThePromisesOfAJournal() async throws {
    let crashing: Set = [
      "whatWasSettledStaysSettledAfterACrash", "whatEndsTheProcessIsCounted", "deadLettersSurviveACrash",
      "groupsSurviveACrash", "whatIsForLaterSurvivesACrash",
    ]
    let (alone, together) = (
      EventBrokerContract.cases.filter { crashing.contains($0.name) },
      EventBrokerContract.cases.filter { !crashing.contains($0.name) }
    )
    #expect(alone.count == crashing.count)
    try await HubProcess.with(session: 8) { hub in
      let broker = RemoteBroker(at: hub.endpoint)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, promise) in together.enumerated() {
          // As above.
          if index >= 8 { try await group.next() }
          group.addTask { try await promise.tried(on: broker) }
        }
        try await group.waitForAll()
      }
      // One after the other: a crash is everybody's.
      for promise in alone {
        try await promise.run(broker) {
          try await hub.restart()
          return broker
        }
      }
    }
  }

  @Test func aRemoteStoreKeepsThePromisesOfAStore() async throws {
    let memory = MemoryRegistryStore(historyLimit: 1000)
    try await withHub(Hub(broker: MemoryBroker(), registry: memory)) { endpoint in
      let store = RemoteRegistryStore(at: endpoint)
      let forgetting = "whoeverAsksForForgottenChangesIsToldToListAnew"
      #expect(RegistryStoreContract.cases.contains { $0.name == forgetting })
      try await withThrowingTaskGroup(of: Void.self) { group in
        for promise in RegistryStoreContract.cases where promise.name != forgetting {
          // All at once: each has services of its own, and the others are writers that it must not mind.
          group.addTask { try await promise.run(store, ttl: .seconds(4)) }
        }
        try await group.waitForAll()
      }
      for promise in RegistryStoreContract.cases where promise.name == forgetting {
        try await promise.run(store) {
          for _ in 0...1000 {
            _ = try await memory.write(StoreRecord(ServiceInstance(id: "a", service: "other")), if: .always)
          }
        }
      }
    }
  }
}

extension EventBrokerContract.Case {
  /// Tries the promise; an error of the broker's does not say whose it is.
  fileprivate func tried(on broker: RemoteBroker) async throws {
    do {
      try await run(broker)
    } catch let error as BrokerContractViolation {
      throw error
    } catch {
      Issue.record(error, "\(self)")
    }
  }
}
