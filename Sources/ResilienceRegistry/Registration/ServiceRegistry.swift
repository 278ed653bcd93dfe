public import ResilienceCore
internal import Synchronization

/// Who is there: the instances of every service of a process or a simulated system, each for as long as it
/// says so.
///
/// An instance is listed under a lease that a heartbeat renews, and vanishes at the very instant its lease
/// ends: every read looks at the clock first, and whoever watches is told in time. That needs no task in the
/// background; ``run()`` is for those who want events and metrics of expiries that nobody has asked about.
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
/// Asking makes nothing: a name that nobody has registered, watched or balanced takes no room, and a service
/// goes with its totals once it has no instance and nobody holds it.
public final class ServiceRegistry: Sendable {
  private struct State {
    var directories: [Identifier: ServiceDirectory] = [:]
    /// So many directories there were when the empty ones were cleared away last.
    var countAfterClearing = 0
    var sweepers: [Waiter] = []
  }

  private let state = Lock(State())
  private let eventQueue: EventQueue<RegistryEvent>
  private let sourceNumber = Atomic<UInt64>(0)

  /// What it makes of many leases that run out together; `nil` if it believes each.
  public let selfPreservation: SelfPreservation?

  /// Creates an empty registry.
  ///
  /// - Parameters:
  ///   - selfPreservation: What to make of many leases that run out together; `nil` to believe each. Default:
  ///     on, for services of 20 instances and more.
  ///   - onEvent: Is told of every change, in order, in the task that made it. Must be quick.
  public init(
    selfPreservation: SelfPreservation? = SelfPreservation(),
    onEvent: (@Sendable (RegistryEvent) -> Void)? = nil
  ) {
    self.selfPreservation = selfPreservation
    eventQueue = EventQueue(onEvent)
  }

  /// How long a lease holds without a heartbeat unless told otherwise: 90 s, which is three of Eureka's
  /// heartbeats.
  public static var defaultTTL: Duration { .seconds(90) }

  /// A service by its name, whether or not it has instances.
  ///
  /// - Parameter name: Not empty. It is written in the program; for one that comes from outside there is
  ///   ``service(named:)``.
  public func service(_ name: String) -> RegisteredService {
    precondition(!name.isEmpty, "a service's name must not be empty, was \"\(name)\"")
    return RegisteredService(directory: directory(of: name))
  }

  /// A service by a name that comes from outside, such as a document.
  ///
  /// - Throws: `InvalidSetting`, with the field `service`, when the name is empty.
  public func service(named name: String) throws(InvalidSetting) -> RegisteredService {
    if let fault = InvalidSetting.unless(!name.isEmpty, "service", name, "not empty") { throw fault }
    return RegisteredService(directory: directory(of: name))
  }
}

// MARK: - Registering

extension ServiceRegistry {
  /// Lists an instance, in the place of an earlier registration of its id.
  ///
  /// - Parameters:
  ///   - instance: The instance.
  ///   - ttl: How long the lease holds without a heartbeat. With less than a nanosecond it is over as it
  ///     begins, and nobody sees the instance. Default: 90 s.
  ///   - initialHealth: What is taken for its health until the first report. With ``HealthStatus/unhealthy``
  ///     it gets no calls beside others before its first check has passed. What is known of a listed instance
  ///     of this id at this address stays known. Default: unknown, with which it gets calls at once.
  /// - Returns: The lease, to be renewed well within `ttl`.
  @discardableResult
  public func register(
    _ instance: ServiceInstance, ttl: Duration = defaultTTL, initialHealth: HealthStatus = .unknown
  ) -> Lease {
    register(instance, ttl: ttl, initialHealth: initialHealth, at: CallContext.current.readClock())
  }

  /// Lists an instance from `now` on; see ``register(_:ttl:initialHealth:)``.
  @discardableResult
  public func register(
    _ instance: ServiceInstance, ttl: Duration, initialHealth: HealthStatus = .unknown, at now: Instant
  ) -> Lease {
    let lease = directory(of: instance.service).register(
      instance, ttlNanoseconds: ttl.clampedNanoseconds, initialHealth: initialHealth, at: now)
    let sweepers = state.withLock { state in
      defer { state.sweepers = [] }
      return state.sweepers
    }
    sweepers.forEach { $0.grant() }
    return lease
  }

  /// Takes an instance out, whoever holds its lease: an operator's tool. An owner uses
  /// ``Lease/deregister()``.
  ///
  /// - Returns: Whether it was listed.
  @discardableResult
  public func deregister(_ id: String, of service: String) -> Bool {
    known(service)?.deregister(id, epoch: nil, at: CallContext.current.readClock()) ?? false
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
    known(service)?.snapshot(at: now) ?? ServiceSnapshot(service: service)
  }

  /// The instances of a service as they change; the first element is the present snapshot.
  public func watch(_ service: String) -> ServiceWatch {
    ServiceWatch(directory: directory(of: service))
  }

  /// What the registry holds, and what it has seen, at this moment.
  public func snapshot() -> RegistrySnapshot {
    let now = CallContext.current.readClock()
    clearAway(at: now)
    return RegistrySnapshot(services: directories().map { $0.summary(at: now) })
  }

  func isListed(_ member: ServiceMember) -> Bool {
    known(member.instance.service)?.contains(member, at: CallContext.current.readClock()) ?? false
  }

  func awaitsCheck(_ member: ServiceMember) -> Bool {
    known(member.instance.service)?.awaitsCheck(member) ?? false
  }
}

// MARK: - Services

extension ServiceRegistry {
  /// The service if it is known; asking for one makes none.
  func known(_ service: String) -> ServiceDirectory? {
    state.withLock { $0.directories[Identifier(service)] }
  }

  func directory(of service: String) -> ServiceDirectory {
    let (directory, isCrowded): (ServiceDirectory, Bool) = state.withLock { state in
      if let directory = state.directories[Identifier(service)] { return (directory, false) }
      let directory = ServiceDirectory(
        service: service, selfPreservation: selfPreservation, eventQueue: eventQueue)
      state.directories[Identifier(service)] = directory
      return (directory, state.directories.count > 2 * state.countAfterClearing + 64)
    }
    if isCrowded { clearAway(at: CallContext.current.readClock()) }
    return directory
  }

  var serviceCount: Int { state.withLock { $0.directories.count } }

  /// Tells the runs of monitors apart.
  func newSource(_ name: String) -> HealthSource {
    HealthSource(
      name: name, asks: true, number: sourceNumber.wrappingAdd(1, ordering: .relaxed).newValue)
  }

  private func directories() -> [ServiceDirectory] {
    state.withLock { Array($0.directories.values) }.sorted { $0.service.isOrdered(before: $1.service) }
  }

  /// Lets services go that are empty and that nobody else holds: no balancer, no watcher, no lease.
  private func clearAway(at now: Instant) {
    directories().forEach { $0.expire(at: now) }
    let empty = directories().filter { $0.isEmpty(at: now) }.map { Identifier($0.service) }
    // One at a time: the lock is held for one service and not for all.
    for service in empty {
      _ = state.withLock { state -> ServiceDirectory? in
        guard let index = state.directories.index(forKey: service),
          isKnownUniquelyReferenced(&state.directories.values[index])
        else { return nil }
        // Nobody else holds it, but somebody may have registered an instance before this lock was taken.
        guard state.directories.values[index].isEmpty(at: now) else { return nil }
        return state.directories.remove(at: index).value
      }
    }
    state.withLock { $0.countAfterClearing = $0.directories.count }
  }
}

// MARK: - Sweeping

extension ServiceRegistry {
  /// Ends every lease at its instant, until cancelled.
  ///
  /// Reads, picks and watches are right without it. Run it where `onEvent` must hear of an expiry in time,
  /// and where instances of services that nobody reads must not pile up.
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
