public import ResilienceCore

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
/// Instances that come and go are followed. A check fails by throwing, by a value that is classified as a failure, or by
/// exceeding its timeout: then it is cancelled, and while one will not end every further round counts as failed, without
/// starting another. A hung check holds up nobody but itself.
///
/// A check that is neutral counts neither way: a layer around it refused (an open breaker, an empty bucket), so that nobody
/// asked the instance, or `classify` says that the answer tells nothing. The status stays what it was.
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
  /// On the way out the statuses it reported become unknown again: nobody would correct them.
  ///
  /// - Throws: `CancellationError` when its task is cancelled, after the last running check has ended.
  public func run() async throws {
    await withDiscardingTaskGroup { group in
      var followed: Set<UInt64> = []
      for await snapshot in registry.watch(service) {
        for member in snapshot.members where !followed.contains(member.epoch) {
          group.addTask { await follow(member) }
        }
        followed = Set(snapshot.members.map(\.epoch))
      }
    }
    throw CancellationError()
  }

  /// Checks one registration until it is gone.
  private func follow(_ member: ServiceMember) async {
    let clock = CallContext.current.clock
    var machine = HealthStateMachine(rise: policy.rise, fall: policy.fall, status: member.health)
    var probe: HealthProbe?
    var next = clock.now.advanced(byNanoseconds: earlyNanoseconds())
    while (try? await clock.sleep(until: next)) != nil, registry.isListed(member) {
      let start = clock.now
      // Less than a nanosecond is none, and the checks would go on at one instant for ever.
      next = start.advanced(byNanoseconds: max(1, policy.interval.clampedNanoseconds - earlyNanoseconds()))
      var verdict = Verdict.failure
      if probe?.isRunning != true {
        let deadline = start.advanced(by: policy.timeout)
        let current = HealthProbe.start(check, of: member.instance, deadline: deadline)
        probe = current
        guard let result = await current.result(until: deadline, on: clock) else { break }
        verdict = result
        current.cancel()
      }
      guard verdict != .neutral else { continue }
      if let status = machine.record(succeeded: verdict == .success), !registry.report(status, of: member) {
        break
      }
    }
    await probe?.finish()
    registry.report(.unknown, of: member)
  }

  private func earlyNanoseconds() -> Int64 {
    Int64(
      Double(policy.interval.clampedNanoseconds) * policy.jitter * CallContext.current.random().unitInterval)
  }
}
