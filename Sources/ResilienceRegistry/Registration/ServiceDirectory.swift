internal import ResilienceCore
internal import Synchronization

/// The shared object of one service: its table, whoever waits for a change, and what a balancer must know to go on
/// without asking.
final class ServiceDirectory: Sendable {
  private struct State {
    var table: RegistrationTable
    // In order of arrival, so that a simulation repeats itself.
    var waiting: [Waiter] = []
  }

  let service: String
  private let state: Lock<State>
  private let eventQueue: EventQueue<RegistryEvent>
  private let publishedVersion = Atomic<UInt64>(0)
  private let publishedExpiry = Atomic<Int64>(.max)

  init(service: String, eventQueue: EventQueue<RegistryEvent>) {
    self.service = service
    self.eventQueue = eventQueue
    state = Lock(State(table: RegistrationTable(service: service)))
  }

  /// Whether a snapshot of `version` is still the newest at `now`. `false` may be a false alarm.
  func isCurrent(_ version: UInt64, at now: Instant) -> Bool {
    publishedVersion.load(ordering: .acquiring) == version
      && now.nanoseconds < publishedExpiry.load(ordering: .acquiring)
  }

  func snapshot(at now: Instant) -> ServiceSnapshot {
    change(at: now) { table in (table.snapshot, []) }
  }

  func summary(at now: Instant) -> RegistrySnapshot.Service {
    change(at: now) { table in (RegistrySnapshot.Service(table), []) }
  }

  func contains(_ member: ServiceMember, at now: Instant) -> Bool {
    change(at: now) { table in (table.contains(member.instance.id, epoch: member.epoch), []) }
  }

  /// Ends what is over, and tells when to come again at the latest.
  func expire(at now: Instant) -> Instant {
    change(at: now) { table in (table.earliestExpiry, []) }
  }

  func register(_ instance: ServiceInstance, ttlNanoseconds: Int64, at now: Instant) -> Lease {
    let epoch = change(at: now) { table in
      let (epoch, events) = table.register(instance, ttlNanoseconds: ttlNanoseconds, at: now)
      return (epoch, events)
    }
    return Lease(
      instance: instance, epoch: epoch, firstExpiry: now.advanced(byNanoseconds: ttlNanoseconds),
      directory: self)
  }

  func renew(_ id: String, epoch: UInt64, at now: Instant) -> Lease.Renewal {
    change(at: now) { table in (table.renew(id, epoch: epoch, at: now), []) }
  }

  func deregister(_ id: String, epoch: UInt64?, at now: Instant) -> Bool {
    change(at: now) { table in
      let events = table.deregister(id, epoch: epoch)
      return (!events.isEmpty, events)
    }
  }

  func report(_ health: HealthStatus, of member: ServiceMember, at now: Instant) -> Bool {
    change(at: now) { table in
      let events = table.report(health, of: member.instance.id, epoch: member.epoch)
      return (events != nil, events ?? [])
    }
  }
}

// MARK: - Waiting for a change

extension ServiceDirectory {
  enum Subscription {
    case snapshot(ServiceSnapshot)
    case waiting(untilAtMost: Instant)
  }

  /// The snapshot at `now` if it is not the one of `version`; else `waiter` is granted at the next change.
  func next(after version: UInt64?, at now: Instant, _ waiter: Waiter) -> Subscription {
    _ = expire(at: now)
    return state.withLock { state in
      if state.table.version != version { return .snapshot(state.table.snapshot) }
      state.waiting.append(waiter)
      return .waiting(untilAtMost: state.table.earliestExpiry)
    }
  }

  func forget(_ waiter: Waiter) {
    state.withLock { state in state.waiting.removeAll { $0 === waiter } }
  }

  /// Every access goes through here: first what is over is ended, then `body`; then, outside the lock, it is told.
  private func change<Answer: Sendable>(
    at now: Instant, _ body: (inout RegistrationTable) -> (Answer, [RegistryEvent])
  ) -> Answer {
    let (answer, woken): (Answer, [Waiter]) = state.withLock { state in
      let version = state.table.version
      state.table.expire(at: now).forEach { eventQueue.enqueue($0) }
      let (answer, events) = body(&state.table)
      events.forEach { eventQueue.enqueue($0) }
      publishedExpiry.store(state.table.earliestExpiry.nanoseconds, ordering: .releasing)
      guard state.table.version != version else { return (answer, []) }
      publishedVersion.store(state.table.version, ordering: .releasing)
      defer { state.waiting = [] }
      return (answer, state.waiting)
    }
    woken.forEach { $0.grant() }
    eventQueue.drain()
    return answer
  }
}
