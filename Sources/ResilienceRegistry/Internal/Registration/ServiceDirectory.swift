internal import ResilienceCore
public import Synchronization

/// The shared object of one service: its table, whoever waits for a change, and what a balancer must know to
/// go on without asking.
@usableFromInline
final class ServiceDirectory: Sendable {
  private struct State {
    var table: RegistrationTable
    var watchers = Watchers()
  }

  let service: String
  private let state: Lock<State>
  private let eventQueue: EventQueue<RegistryEvent>
  @usableFromInline let publishedVersion = Atomic<UInt64>(0)
  @usableFromInline let publishedExpiry = Atomic<Int64>(.max)

  init(service: String, selfPreservation: SelfPreservation?, eventQueue: EventQueue<RegistryEvent>) {
    self.service = service
    self.eventQueue = eventQueue
    state = Lock(State(table: RegistrationTable(service: service, selfPreservation: selfPreservation)))
  }

  /// Whether a snapshot of `version` is still the newest at `now`, in nanoseconds. `false` may be a false
  /// alarm.
  @inlinable
  @inline(__always)
  func isCurrent(_ version: UInt64, at now: Int64) -> Bool {
    publishedVersion.load(ordering: .acquiring) == version
      && now < publishedExpiry.load(ordering: .acquiring)
  }

  func snapshot(at now: Instant) -> ServiceSnapshot {
    change(at: now) { table in (table.snapshot, []) }
  }

  func summary(at now: Instant) -> RegistrySnapshot.Service {
    change(at: now) { table in (RegistrySnapshot.Service(table), []) }
  }

  /// Whether nobody would miss it, as far as its table goes. Only looks: it may be asked under another lock.
  func isEmpty(at now: Instant) -> Bool {
    state.withLock { $0.table.isEmpty(at: now) }
  }

  /// Whether no check has said anything of the registration yet.
  func awaitsCheck(_ member: ServiceMember) -> Bool {
    state.withLock { $0.table.terms[member.epoch]?.reports.isChecked == false }
  }

  func contains(_ member: ServiceMember, at now: Instant) -> Bool {
    change(at: now) { table in (table.contains(epoch: member.epoch), []) }
  }

  /// Ends what is over, and tells when to come again at the latest.
  @discardableResult
  func expire(at now: Instant) -> Instant {
    change(at: now) { table in (table.earliestExpiry, []) }
  }

  /// Every access goes through here: first what is over is ended, then `body`; then, outside the lock, it is
  /// told.
  func change<Answer: Sendable>(
    at now: Instant, _ body: (inout RegistrationTable) -> (Answer, [RegistryEvent])
  ) -> Answer {
    let (answer, woken): (Answer, Watchers.Woken) = state.withLock { state in
      let (version, expiry) = (state.table.version, state.table.earliestExpiry)
      state.table.expire(at: now).forEach { eventQueue.enqueue($0) }
      let (answer, events) = body(&state.table)
      events.forEach { eventQueue.enqueue($0) }
      publishedExpiry.store(state.table.earliestExpiry.nanoseconds, ordering: .releasing)
      if state.table.version != version {
        publishedVersion.store(state.table.version, ordering: .releasing)
        return (answer, state.watchers.takeAll())
      }
      return (answer, state.table.earliestExpiry < expiry ? state.watchers.takeLookout() : .nobody)
    }
    woken.grant()
    eventQueue.drain()
    return answer
  }
}

// MARK: - Registrations

extension ServiceDirectory {
  func register(
    _ instance: ServiceInstance, ttlNanoseconds: Int64, initialHealth: HealthStatus, at now: Instant
  ) -> Lease {
    let epoch = change(at: now) { table in
      table.register(instance, ttlNanoseconds: ttlNanoseconds, initialHealth: initialHealth, at: now)
    }
    return Lease(
      instance: instance, epoch: epoch, firstExpiry: now.advanced(byNanoseconds: ttlNanoseconds),
      directory: self)
  }

  func renew(_ id: String, epoch: UInt64, at now: Instant) -> Lease.Renewal {
    change(at: now) { table in table.renew(id, epoch: epoch, at: now) }
  }

  func deregister(_ id: String, epoch: UInt64?, at now: Instant) -> Bool {
    change(at: now) { table in
      let events = table.deregister(id, epoch: epoch, at: now)
      return (!events.isEmpty, events)
    }
  }

  func report(
    _ health: HealthStatus, of member: ServiceMember, from source: HealthSource, until end: Instant,
    at now: Instant
  ) -> Bool {
    changeIfThere(at: now) { table in
      table.report(health, of: member.instance.id, epoch: member.epoch, from: source, until: end)
    }
  }

  func override(_ state: InstanceState, of id: String, at now: Instant) -> Bool {
    changeIfThere(at: now) { table in table.override(state, of: id) }
  }

  func drain(_ id: String, epoch: UInt64?, at now: Instant) -> Bool {
    changeIfThere(at: now) { table in table.setOwnerState(.draining, of: id, epoch: epoch) }
  }

  private func changeIfThere(
    at now: Instant, _ body: (inout RegistrationTable) -> [RegistryEvent]?
  ) -> Bool {
    change(at: now) { table in
      let events = body(&table)
      return (events != nil, events ?? [])
    }
  }
}

// MARK: - Waiting for a change

extension ServiceDirectory {
  enum Subscription {
    case snapshot(ServiceSnapshot)
    case waiting(Watchers.Place)
  }

  /// The snapshot at `now` if it is not the one of `version`; else `waiter` is granted at the next change.
  func next(after version: UInt64?, at now: Instant, _ waiter: Waiter) -> Subscription {
    expire(at: now)
    return state.withLock { state in
      if state.table.version != version { return .snapshot(state.table.snapshot) }
      return .waiting(state.watchers.add(waiter, timerAt: state.table.earliestExpiry))
    }
  }

  var watcherCount: Int { state.withLock { $0.watchers.count } }

  /// Ends a wait, whatever ended it.
  func leave(_ place: Watchers.Place) {
    let woken: Watchers.Woken = state.withLock { $0.watchers.remove(place) }
    woken.grant()
  }
}
