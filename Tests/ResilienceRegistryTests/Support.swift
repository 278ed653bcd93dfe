import Dispatch
import ResilienceCore

@testable import ResilienceRegistry

func instance(_ id: String, of service: String = "inventory") -> ServiceInstance {
  ServiceInstance(id: id, service: service)
}

func seconds(_ seconds: Int64) -> Instant {
  Instant(nanoseconds: seconds * 1_000_000_000)
}

extension ServiceSnapshot {
  var ids: [String] { members.map(\.instance.id) }
}

extension ServiceRegistry {
  func watcherCount(of service: String) -> Int { known(service)?.watcherCount ?? 0 }

  /// Registers instances that outlive any test.
  func register(ids: String..., service: String = "inventory") {
    for id in ids { register(instance(id, of: service), ttl: .seconds(1_000_000)) }
  }

  func report(_ health: HealthStatus, ofID id: String, service: String = "inventory") {
    for member in instances(of: service).members where member.instance.id == id {
      report(health, of: member)
    }
  }
}

/// Runs each on a thread of its own, and waits for all.
func onThreads(_ bodies: [@Sendable () -> Void]) {
  let group = DispatchGroup()
  // A serial queue has its own thread, however few processors there are.
  for (number, body) in bodies.enumerated() {
    DispatchQueue(label: "thread \(number)").async(group: group, execute: body)
  }
  group.wait()
}
