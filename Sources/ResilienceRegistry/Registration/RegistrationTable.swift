internal import ResilienceCore

/// The registrations of one service: a state machine, sorted by instance id.
///
/// A lease is over at its own instant, not after it. Every mutation but ``expire(at:)`` expects that one to be called
/// first, and returns what is to be told.
struct RegistrationTable {
  private struct Term {
    let ttlNanoseconds: Int64
    var expiresAt: Instant
  }

  let service: String
  private(set) var members: [ServiceMember] = []
  private var terms: [Term] = []
  private(set) var isPanicking = false

  /// Grows with every change that a snapshot shows; a renewal is none.
  private(set) var version: UInt64 = 0

  /// No lease is over before this instant; a lower bound, since renewals do not move it.
  private(set) var earliestExpiry = Deadline.never.instant

  private(set) var registered: UInt64 = 0
  private(set) var deregistered: UInt64 = 0
  private(set) var expired: UInt64 = 0

  init(service: String) {
    self.service = service
  }

  var snapshot: ServiceSnapshot {
    ServiceSnapshot(service: service, version: version, members: members)
  }

  func contains(_ id: String, epoch: UInt64) -> Bool {
    index(of: id, epoch: epoch) != nil
  }
}

// MARK: - Leases

extension RegistrationTable {
  /// Ends the leases whose instant has come.
  mutating func expire(at now: Instant) -> [RegistryEvent] {
    guard earliestExpiry <= now else { return [] }
    var events: [RegistryEvent] = []
    for index in members.indices.reversed() where terms[index].expiresAt <= now {
      events.append(.expired(members.remove(at: index)))
      terms.remove(at: index)
    }
    events.reverse()
    earliestExpiry = terms.map(\.expiresAt).min() ?? Deadline.never.instant
    expired += UInt64(events.count)
    if !events.isEmpty { noteChange(&events) }
    return events
  }

  /// Adds the instance, in the place of one with the same id; the epoch is the version that it begins.
  mutating func register(
    _ instance: ServiceInstance, ttlNanoseconds: Int64, at now: Instant
  ) -> (epoch: UInt64, events: [RegistryEvent]) {
    let member = ServiceMember(instance: instance, epoch: version + 1, health: .unknown)
    let term = Term(
      ttlNanoseconds: ttlNanoseconds, expiresAt: now.advanced(byNanoseconds: ttlNanoseconds))
    let index = insertionIndex(of: instance.id)
    if index < members.count, members[index].instance.id == instance.id {
      members[index] = member
      terms[index] = term
    } else {
      members.insert(member, at: index)
      terms.insert(term, at: index)
    }
    earliestExpiry = min(earliestExpiry, term.expiresAt)
    registered += 1
    var events = [RegistryEvent.registered(member)]
    noteChange(&events)
    return (member.epoch, events)
  }

  mutating func renew(_ id: String, epoch: UInt64, at now: Instant) -> Lease.Renewal {
    let index = insertionIndex(of: id)
    guard index < members.count, members[index].instance.id == id else { return .lost }
    guard members[index].epoch == epoch else { return .superseded }
    // Two threads may arrive in another order than they read the clock.
    let until = max(terms[index].expiresAt, now.advanced(byNanoseconds: terms[index].ttlNanoseconds))
    terms[index].expiresAt = until
    return .renewed(until: until)
  }

  /// - Parameter epoch: The only registration to end; `nil` for whichever there is.
  mutating func deregister(_ id: String, epoch: UInt64?) -> [RegistryEvent] {
    guard let index = index(of: id, epoch: epoch) else { return [] }
    terms.remove(at: index)
    deregistered += 1
    var events = [RegistryEvent.deregistered(members.remove(at: index))]
    noteChange(&events)
    return events
  }
}

// MARK: - Health

extension RegistrationTable {
  /// - Returns: `nil` when the registration is gone.
  mutating func report(_ health: HealthStatus, of id: String, epoch: UInt64) -> [RegistryEvent]? {
    guard let index = index(of: id, epoch: epoch) else { return nil }
    let previous = members[index].health
    guard previous != health else { return [] }
    members[index].health = health
    var events = [RegistryEvent.healthChanged(members[index], from: previous)]
    noteChange(&events)
    return events
  }
}

extension RegistrationTable {
  private mutating func noteChange(_ events: inout [RegistryEvent]) {
    version += 1
    let panics = snapshot.isPanicking
    guard panics != isPanicking else { return }
    isPanicking = panics
    events.append(
      panics ? .panicBegan(service: service, instances: members.count) : .panicEnded(service: service))
  }

  private func index(of id: String, epoch: UInt64?) -> Int? {
    let index = insertionIndex(of: id)
    guard index < members.count, members[index].instance.id == id else { return nil }
    return epoch == nil || members[index].epoch == epoch ? index : nil
  }

  private func insertionIndex(of id: String) -> Int {
    var (low, high) = (0, members.count)
    while low < high {
      let middle = (low + high) / 2
      if members[middle].instance.id < id { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
