internal import ResilienceCore

/// A machine of a ``Simulation``: what runs on it, its clock and its disk. See
/// ``Simulation/host(_:clockOffset:disk:_:)``.
///
/// ``crash()`` is a power cut: no task is cancelled, no `defer` runs, the memory is gone, and of the disk
/// what was not synced is lost as chance has it. What runs on it are its start and its calls, and the tasks
/// that these start; where ``Simulation/scope`` holds no tasks, one without a parent has to name its
/// executor, `CallContext.current.executor`. Hosts share what is simulated between them (a network,
/// services), and no actors or objects of their own: a crash would stop those for all.
public final class SimulatedHost<Service: Sendable>: Sendable {
  private struct State {
    var life: HostLife?
    var clock: HostClock?
    var environment: CallEnvironment?
    var service: Service?
    var waiting: [Waiter] = []
    var failure: (any Error)?
    var crashes = 0
    var lives: [HostLife] = []
    var offset: Duration
  }

  /// Its name.
  public let name: String

  /// Its disk, which outlives a crash with what was synced.
  public let disk: SimulatedDisk

  private let simulation: Simulation
  private let start: @Sendable (SimulatedDisk) async throws -> Service
  private let state: Lock<State>

  init(
    _ name: String, _ simulation: Simulation, _ disk: SimulatedDisk, offset: Duration,
    _ start: @escaping @Sendable (SimulatedDisk) async throws -> Service
  ) {
    self.name = name
    self.simulation = simulation
    self.disk = disk
    self.start = start
    state = Lock(State(offset: offset))
  }

  /// Whether it runs, or is starting.
  public var isUp: Bool { state.withLock { $0.life != nil } }

  /// How often it has crashed.
  public var crashes: Int { state.withLock { $0.crashes } }

  /// How many jobs were not run because it had crashed.
  public var droppedJobs: Int { state.withLock { $0.lives }.reduce(0) { $0 + $1.droppedJobs } }

  /// What the last start threw; `nil` when it did not.
  public var failure: (any Error)? { state.withLock { $0.failure } }

  // MARK: - Up and down

  /// Ends it as a power cut does; nothing when it is down. Calls that are being made fail.
  ///
  /// The job that is running, when it is one of its own, goes on to its next suspension.
  public func crash() {
    guard end(isCrash: true) else { return }
    disk.loseState()
  }

  /// Starts it again on its disk; nothing when it is up.
  public func restart() {
    let life = HostLife(simulation.executor)
    let isStarted = state.withLock { state in
      guard state.life == nil else { return false }
      let clock = HostClock(simulation.clock, life, offset: state.offset)
      state.life = life
      state.lives.append(life)
      state.clock = clock
      state.environment = simulation.environment(clock, life)
      state.failure = nil
      return true
    }
    guard isStarted, let environment = state.withLock({ $0.environment }) else { return }
    simulation.hosts.append(name, life)
    Task(executorPreference: life) {
      await CallContext.withEnvironment(environment) { await self.begin(life) }
    }
  }

  private nonisolated(nonsending) func begin(_ life: HostLife) async {
    do {
      let service = try await start(disk)
      let waiting: [Waiter] = state.withLock { state in
        guard state.life === life else { return [] }
        state.service = service
        defer { state.waiting = [] }
        return state.waiting
      }
      for waiter in waiting { waiter.grant() }
    } catch {
      end(isCrash: false)
      state.withLock { $0.failure = error }
      disk.kill()
    }
  }

  @discardableResult
  private func end(isCrash: Bool) -> Bool {
    let life: HostLife? = state.withLock { state in
      guard let life = state.life else { return nil }
      state.offset = state.clock?.offset ?? state.offset
      (state.life, state.clock, state.environment, state.service, state.waiting) = (nil, nil, nil, nil, [])
      if isCrash { state.crashes += 1 }
      return life
    }
    return life?.end() ?? false
  }

  // MARK: - What is done with it

  /// Moves its wall-clock time; less than zero moves it back. Its timers are not touched.
  public func jumpClock(by duration: Duration) {
    state.withLock { state in
      state.clock?.jump(by: duration)
      if state.clock == nil { state.offset += duration }
    }
  }

  /// Runs `body` on the host, with what its start returned, and waits for what comes of it.
  ///
  /// A host that is starting is waited for. When the caller is cancelled, `body` goes on.
  ///
  /// - Throws: ``SimulatedServiceError`` when it is down, or goes down meanwhile; what `body` throws;
  ///   `CancellationError` when the caller is cancelled.
  public nonisolated(nonsending) func call<Output: Sendable>(
    _ body: @escaping @Sendable (_ service: Service) async throws -> Output
  ) async throws -> Output {
    let (life, environment) = state.withLock { ($0.life, $0.environment) }
    let reply = ServiceReply("SimulatedHost.call")
    let crashed = SimulatedServiceError(service: name, reason: .crashed)
    guard let life, let environment, let caller = life.add({ _ = reply.fail(crashed) }) else {
      throw SimulatedServiceError(service: name, reason: .down)
    }
    Task(executorPreference: life) {
      await CallContext.withEnvironment(environment) {
        await self.run(body, for: reply) { life.remove(caller) }
      }
    }
    return try await reply.receive(as: Output.self)
  }

  private nonisolated(nonsending) func run(
    _ body: @escaping @Sendable (_ service: Service) async throws -> some Sendable, for reply: ServiceReply,
    ended: () -> Void
  ) async {
    do {
      let value = try await body(try await started())
      ended()
      _ = reply.succeed(value)
    } catch {
      ended()
      _ = reply.fail(error)
    }
  }

  private nonisolated(nonsending) func started() async throws -> Service {
    let waiter = Waiter("SimulatedHost start")
    let service: Service? = state.withLock { state in
      if state.service == nil { state.waiting.append(waiter) }
      return state.service
    }
    if let service { return service }
    _ = await waiter.wait()
    guard let service = state.withLock({ $0.service }) else {
      throw SimulatedServiceError(service: name, reason: .down)
    }
    return service
  }
}

extension PlannedFault {
  /// A host crashes, and starts again.
  ///
  /// - Parameters:
  ///   - host: The host.
  ///   - duration: How long it is down.
  public static func crash<Service>(
    _ host: SimulatedHost<Service>, for duration: LatencyDistribution
  ) -> PlannedFault {
    PlannedFault("\(host.name) crashes", for: duration) {
      host.crash()
    } ended: {
      host.restart()
    }
  }

  /// The wall-clock time of a host jumps.
  ///
  /// - Parameters:
  ///   - host: The host.
  ///   - jump: How far; less than zero is back.
  public static func clockJump<Service>(
    of host: SimulatedHost<Service>, by jump: Duration
  ) -> PlannedFault {
    PlannedFault("the clock of \(host.name) jumps by \(jump)") { host.jumpClock(by: jump) }
  }
}
