import Counters
import Resilience
import Synchronization

/// Clients that watch a service and keep the last snapshot, while one instance after another changes.
func watchFleet(instances: Int, clients: Int) async throws {
  let registry = ServiceRegistry()
  for number in 0..<instances {
    registry.register(
      ServiceInstance(id: "instance-\(number)", service: "stock", address: "10.0.0.\(number):8080"),
      ttl: .seconds(86_400))
  }
  let members = Array(registry.instances(of: "stock").members)
  let before = Int(allocated_bytes())
  let arrived = Arrivals()
  let watchers = (0..<clients).map { _ in
    Task.immediate {
      for await snapshot in registry.watch("stock") { await arrived.note(snapshot.version) }
    }
  }
  let version = registry.instances(of: "stock").version
  await arrived.wait(for: clients, version: version)
  print("\(instances) instances, \(clients) clients that watch")
  print("memory of the watchers: \((Int(allocated_bytes()) - before) / clients) bytes each")

  let held = registry.instances(of: "stock")
  let (changes, start) = (1000, SystemClock.read())
  for number in 0..<changes {
    registry.report(number.isMultiple(of: 2) ? .unhealthy : .healthy, of: members[number * 7 % instances])
  }
  let all = start.duration(to: SystemClock.read())
  await arrived.wait(for: clients, version: registry.instances(of: "stock").version)
  print(
    "\(changes) changes, watched: \(all / changes) each, \(start.duration(to: SystemClock.read())) until all had the last"
  )

  for watcher in watchers { watcher.cancel() }
  for watcher in watchers { await watcher.value }
  try measureAlone(registry, members)
  withExtendedLifetime(held) {}
}

/// Changes with a snapshot after each, which is kept, and without anybody who watches.
private func measureAlone(_ registry: ServiceRegistry, _ members: [ServiceMember]) throws {
  let count = 10_000
  let allocated = Int(allocated_bytes())
  var kept: [ServiceSnapshot] = []
  kept.reserveCapacity(count)
  let start = SystemClock.read()
  for number in 0..<count {
    let status: HealthStatus = (number / members.count).isMultiple(of: 2) ? .unhealthy : .unknown
    registry.report(status, of: members[number * 7 % members.count], from: .observer("fleet"))
    kept.append(registry.instances(of: "stock"))
  }
  let took = start.duration(to: SystemClock.read())
  print(
    "a change and the next snapshot: \(took / count), \((Int(allocated_bytes()) - allocated) / count) bytes kept by each snapshot"
  )
  precondition(kept.last?.members.count == members.count, "members were lost")
}

/// Who has seen which version.
actor Arrivals {
  private var last: [UInt64: Int] = [:]
  private var waiting: (count: Int, version: UInt64, continuation: CheckedContinuation<Void, Never>)?

  func note(_ version: UInt64) {
    last[version, default: 0] += 1
    if let waiting, last[waiting.version] == waiting.count {
      waiting.continuation.resume()
      self.waiting = nil
    }
  }

  func wait(for count: Int, version: UInt64) async {
    if last[version] == count { return }
    await withCheckedContinuation { waiting = (count, version, $0) }
  }
}
