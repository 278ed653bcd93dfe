public import ResilienceCore
internal import Synchronization

/// Checks the instances of a service, each in its own rhythm, and reports what it finds to the registry.
///
/// The owner runs it, beside its server:
///
/// ```swift
/// let monitor = HealthMonitor(registry, service: "inventory") { instance in
///   try await client.ping(instance.address)
/// }
/// try await monitor.run()
/// ```
///
/// Instances that come and go are followed. A check fails by throwing, by a value that is classified as a
/// failure, or by exceeding its timeout: then it is cancelled, and while one will not end every further round
/// counts as failed, without starting another. A hung check holds up nobody but itself.
///
/// A check that is neutral counts neither way: a layer around it refused (an open breaker, an empty bucket),
/// so that nobody asked the instance, or `classify` says that the answer tells nothing. The status stays what
/// it was.
public struct HealthMonitor<Check: Handler>: Sendable where Check.Input == ServiceInstance {
  /// How often, and how much it takes.
  public let policy: HealthCheckPolicy

  private let registry: ServiceRegistry
  private let service: String
  private let check: Check

  /// Creates a monitor; ``run()`` starts it.
  ///
  /// - Parameters:
  ///   - registry: Where the instances are listed, and what is told of their health.
  ///   - service: The name of the service; not empty.
  ///   - policy: How often, and how much it takes.
  ///   - check: Asks one instance how it is.
  public init(
    _ registry: ServiceRegistry, service: String, policy: HealthCheckPolicy = HealthCheckPolicy(),
    check: Check
  ) {
    precondition(!service.isEmpty, "a service's name must not be empty, was \"\(service)\"")
    self.registry = registry
    self.service = service
    self.policy = policy
    self.check = check
  }

  /// Creates a monitor whose check is a closure: it returns if the instance is well, and throws if it is not.
  public init(
    _ registry: ServiceRegistry, service: String, policy: HealthCheckPolicy = HealthCheckPolicy(),
    _ body: nonisolated(nonsending) @escaping @Sendable (_ instance: ServiceInstance) async throws -> Void
  ) where Check == ServiceCall<ServiceInstance, Void> {
    self.init(registry, service: service, policy: policy, check: ServiceCall(service, body))
  }

  /// Checks until cancelled.
  ///
  /// What it finds is reported after every check, so that the registry and its checks agree within one
  /// interval, whatever somebody else has said meanwhile. On the way out it takes back what it reported:
  /// nobody would correct it.
  ///
  /// - Throws: `CancellationError` when its task is cancelled, after the last running check has ended.
  public func run() async throws {
    let round = HealthCheckRound(registry, policy, check, source: registry.newSource("checks"))
    await withDiscardingTaskGroup { group in
      var followed: Set<UInt64> = []
      for await snapshot in registry.watch(service) {
        round.count.store(snapshot.members.count, ordering: .relaxed)
        for member in snapshot.members where !followed.contains(member.epoch) {
          // One for each registration: a check that hangs holds no other up.
          group.addTask { await round.follow(member) }
        }
        followed = Set(snapshot.members.map(\.epoch))
      }
    }
    // A registration in the place of one that was followed has taken over what was reported of that one.
    for member in registry.instances(of: service).members {
      registry.report(.unknown, of: member, from: round.source)
    }
    throw CancellationError()
  }
}
