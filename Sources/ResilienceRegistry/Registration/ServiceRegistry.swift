public import ResilienceCore

/// Who is there: the instances of every service of a process or a simulated system, each for as long as it says so.
///
/// An instance is listed under a lease that a heartbeat renews, and vanishes at the very instant its lease ends: every
/// read looks at the clock first, and whoever watches is told in time. That needs no task in the background; ``run()``
/// is for those who want events and metrics of expiries that nobody has asked about.
///
/// ```swift
/// let registry = ServiceRegistry()
/// let here = ServiceInstance(id: "inventory-1", service: "inventory", address: "10.0.0.7:8080")
///
/// try await registry.withLease(here) {       // listed while the server runs
///   try await server.run()
/// }
/// ```
///
/// What was learnt about a service is kept for the registry's life: names of services must be few.
public final class ServiceRegistry: Sendable {
  private struct State {
    var directories: [String: ServiceDirectory] = [:]
    var sweepers: [Waiter] = []
  }

  private let state = Lock(State())
  private let eventQueue: EventQueue<RegistryEvent>

  /// Creates an empty registry.
  ///
  /// - Parameter onEvent: Is told of every change, in order, in the task that made it. Must be quick.
  public init(onEvent: (@Sendable (RegistryEvent) -> Void)? = nil) {
    eventQueue = EventQueue(onEvent)
  }

  /// How long a lease holds without a heartbeat unless told otherwise: 90 s, which is three of Eureka's heartbeats.
  public static var defaultTTL: Duration { .seconds(90) }

  /// A service by its name, whether or not it has instances.
  ///
  /// - Parameter name: Not empty.
  public func service(_ name: String) -> RegisteredService {
    precondition(!name.isEmpty, "a service's name must not be empty, was \"\(name)\"")
    return RegisteredService(directory: directory(of: name))
  }
}

// MARK: - Registering

extension ServiceRegistry {
  /// Lists an instance, in the place of an earlier registration of its id.
  ///
  /// - Parameters:
  ///   - instance: The instance.
  ///   - ttl: How long the lease holds without a heartbeat. With less than a nanosecond it is over as it begins, and nobody
  ///     sees the instance. Default: 90 s.
  /// - Returns: The lease, to be renewed well within `ttl`.
  @discardableResult
  public func register(_ instance: ServiceInstance, ttl: Duration = defaultTTL) -> Lease {
    register(instance, ttl: ttl, at: CallContext.current.readClock())
  }

  /// Lists an instance from `now` on; see ``register(_:ttl:)``.
  @discardableResult
  public func register(_ instance: ServiceInstance, ttl: Duration, at now: Instant) -> Lease {
    let lease = directory(of: instance.service)
      .register(instance, ttlNanoseconds: ttl.clampedNanoseconds, at: now)
    let sweepers = state.withLock { state in
      defer { state.sweepers = [] }
      return state.sweepers
    }
    sweepers.forEach { $0.grant() }
    return lease
  }

  /// Takes an instance out, whoever holds its lease: an operator's tool. An owner uses ``Lease/deregister()``.
  ///
  /// - Returns: Whether it was listed.
  @discardableResult
  public func deregister(_ id: String, of service: String) -> Bool {
    directory(of: service).deregister(id, epoch: nil, at: CallContext.current.readClock())
  }

  /// Notes an instance's health, as ``HealthMonitor`` does.
  ///
  /// - Returns: `false` when this registration is not listed any more; a later one of the same id is not touched.
  @discardableResult
  public func report(_ health: HealthStatus, of member: ServiceMember) -> Bool {
    directory(of: member.instance.service)
      .report(health, of: member, at: CallContext.current.readClock())
  }
}

// MARK: - Reading

extension ServiceRegistry {
  /// The instances of a service at this moment.
  public func instances(of service: String) -> ServiceSnapshot {
    instances(of: service, at: CallContext.current.readClock())
  }

  /// The instances of a service at `now`.
  public func instances(of service: String, at now: Instant) -> ServiceSnapshot {
    directory(of: service).snapshot(at: now)
  }

  /// The instances of a service as they change; the first element is the present snapshot.
  public func watch(_ service: String) -> ServiceWatch {
    ServiceWatch(directory: directory(of: service))
  }

  /// What the registry holds, and what it has seen, at this moment.
  public func snapshot() -> RegistrySnapshot {
    let now = CallContext.current.readClock()
    return RegistrySnapshot(services: directories().map { $0.summary(at: now) })
  }

  func isListed(_ member: ServiceMember) -> Bool {
    directory(of: member.instance.service).contains(member, at: CallContext.current.readClock())
  }

  func directory(of service: String) -> ServiceDirectory {
    state.withLock { state in
      if let directory = state.directories[service] { return directory }
      let directory = ServiceDirectory(service: service, eventQueue: eventQueue)
      state.directories[service] = directory
      return directory
    }
  }

  private func directories() -> [ServiceDirectory] {
    state.withLock { Array($0.directories.values) }.sorted { $0.service < $1.service }
  }
}

// MARK: - Sweeping

extension ServiceRegistry {
  /// Ends every lease at its instant, until cancelled.
  ///
  /// Reads, picks and watches are right without it. Run it where `onEvent` must hear of an expiry in time, and where
  /// instances of services that nobody reads must not pile up.
  ///
  /// - Throws: `CancellationError` when its task is cancelled.
  public func run() async throws {
    let clock = CallContext.current.clock
    while true {
      try Task.checkCancellation()
      let waiter = Waiter("ServiceRegistry.run")
      // Before the sweep: a registration during it must end the wait.
      state.withLock { $0.sweepers.append(waiter) }
      let now = clock.now
      let next = directories().map { $0.expire(at: now) }.min() ?? Deadline.never.instant
      await waiter.wait(until: next, on: clock)
      state.withLock { state in state.sweepers.removeAll { $0 === waiter } }
    }
  }
}
