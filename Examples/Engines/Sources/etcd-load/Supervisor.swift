import AsyncHTTPClient
import Foundation
import Resilience
import ResilienceEtcd

/// Starts etcd and the processes, kills one after the other, and sees when nobody calls them any more.
struct Supervisor {
  private let options: Options
  private let clock = SystemClock()
  /// Which believes each death: so many in a minute it would take for a fault of the network, and keep the dead.
  private let registry = ServiceRegistry(selfPreservation: nil)

  init(_ options: Options) {
    self.options = options
  }

  /// - Returns: Whether every process that was killed was left out, and was there again afterwards.
  func run() async throws -> Bool {
    let etcd = try await LocalEtcd()
    defer { etcd.remove() }
    var processes = try (0..<options.processes).map { try start($0, etcd.endpoint) }
    defer { for process in processes { kill(process.processIdentifier, SIGKILL) } }
    let replica = RegistryReplica(
      of: EtcdStore(at: etcd.endpoint), in: registry, services: [options.service])
    let following = Task { try await replica.run() }
    defer { following.cancel() }

    let began = clock.now
    guard try await waitForAll() else { return false }
    print("\(options.instances) instances of \(options.processes) processes are there after \(since(began))")
    var (gone, quiet): ([Int64], [Int64]) = ([], [])
    for kill in 0..<options.kills {
      let number = kill % options.processes
      let diedAt = clock.now
      Foundation.kill(processes[number].processIdentifier, SIGKILL)
      processes[number].waitUntilExit()
      guard let leaving = try await watch(number, since: diedAt) else { return false }
      gone += leaving.gone
      quiet.append(leaving.lastPick)
      processes[number] = try start(number, etcd.endpoint)
      guard try await waitForAll() else { return false }
    }
    print("leases of \(options.ttl) s, \(options.kills) times kill -9, \(gone.count) instances died")
    print("from the kill until an instance is left out: \(quantiles(gone))")
    print("from the kill until the last call was sent to one of the process: \(quantiles(quiet))")
    return true
  }

  private func start(_ number: Int, _ endpoint: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: CommandLine.arguments[0])
    process.arguments = options.workerArguments(number, endpoint)
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  private func waitForAll() async throws -> Bool {
    let end = clock.now.advanced(by: .seconds(120))
    while clock.now < end {
      let count = registry.instances(of: options.service).instances.count
      if count == options.instances { return true }
      try await clock.sleep(for: .milliseconds(20))
    }
    print("after 120 s \(registry.instances(of: options.service).instances.count) instances are there")
    return false
  }

  /// When each instance of a process was left out, and when one was last picked, in nanoseconds after the kill.
  private func watch(_ number: Int, since diedAt: Instant) async throws -> (gone: [Int64], lastPick: Int64)? {
    var left = Set(options.ids(of: number))
    var (gone, lastPick): ([Int64], Int64) = ([], 0)
    let balancer = registry.service(options.service).balancer(.powerOfTwoChoices)
    let end = diedAt.advanced(by: .seconds(60 + 3 * options.ttl))
    while !left.isEmpty {
      let now = clock.now
      guard now < end else {
        print("60 s after its leases \(left.count) instances of process \(number) are still there")
        return nil
      }
      for _ in 0..<20 {
        // With `guard` and `continue` the compiler, 6.3.1, does not come to an end.
        if let pick = balancer.pick(at: now, draw: UInt64.random(in: 0...(.max))) {
          if left.contains(pick.instance.id) { lastPick = diedAt.nanoseconds(to: now) }
          pick.release()
        }
      }
      let present = Set(registry.instances(of: options.service).instances.map(\.id))
      let leaving = left.subtracting(present)
      gone += leaving.map { _ in diedAt.nanoseconds(to: now) }
      left.subtract(leaving)
      try await clock.sleep(for: .milliseconds(5))
    }
    return (gone, lastPick)
  }

  private func since(_ instant: Instant) -> String { seconds(instant.nanoseconds(to: clock.now)) }

  private func quantiles(_ nanoseconds: [Int64]) -> String {
    let sorted = nanoseconds.sorted()
    guard let last = sorted.last else { return "none" }
    func quantile(_ share: Double) -> Int64 { sorted[Int(Double(sorted.count - 1) * share)] }
    return "p50 \(seconds(quantile(0.5))), p99 \(seconds(quantile(0.99))), at most \(seconds(last))"
  }

  private func seconds(_ nanoseconds: Int64) -> String {
    "\((Double(nanoseconds) / 10_000_000).rounded() / 100) s"
  }
}
