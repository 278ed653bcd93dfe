internal import ResilienceCore

extension RegistrationTable {
  /// Ends the leases and the reports whose instant has come.
  mutating func expire(at now: Instant) -> [RegistryEvent] {
    guard earliestExpiry <= now else { return [] }
    var events: [RegistryEvent] = []
    var lapsed: [String] = []
    while let epoch = deadlines.popDue(at: now) {
      guard var term = terms[epoch] else { continue }
      term.reports.expire(at: now)
      terms[epoch] = term
      if term.expiresAt <= now {
        lapsed.append(term.id)
      } else {
        if let event = showHealth(of: term, from: nil) { events.append(event) }
        enqueue(epoch)
      }
    }
    end(lapsed.sorted { $0.isOrdered(before: $1) }, at: now, &events)
    if !events.isEmpty { noteChange(&events) }
    return events
  }

  /// Ends registrations without a word from their owners: they died, or they cannot be heard.
  ///
  /// Those that ended together with too many others become suspects; a suspect is given up.
  mutating func lapse(_ ids: [String], at now: Instant) -> [RegistryEvent] {
    var events: [RegistryEvent] = []
    end(ids, at: now, &events)
    if !events.isEmpty { noteChange(&events) }
    return events
  }

  private mutating func end(_ ids: [String], at now: Instant, _ events: inout [RegistryEvent]) {
    guard !ids.isEmpty else { return }
    let wasPreserving = counts.suspect > 0
    let lapsing = ids.count { members.member(withID: $0)?.isSuspect == false }
    let kept = lapses.keep(lapsing, of: members.count - counts.suspect, at: now)
    for id in ids {
      guard let member = members.member(withID: id) else { continue }
      guard let kept, !member.isSuspect else {
        if let gone = hide(id, at: now) { events.append(.expired(gone)) }
        expired += 1
        continue
      }
      terms[member.epoch]?.expiresAt = kept
      if let change = update(id, { $0.isSuspect = true }) { events.append(.suspected(change.after)) }
      enqueue(member.epoch)
    }
    notePreservation(before: wasPreserving, &events)
  }

  private func notePreservation(before: Bool, _ events: inout [RegistryEvent]) {
    let isPreserving = counts.suspect > 0
    guard isPreserving != before else { return }
    events.append(
      isPreserving
        ? .preservationBegan(service: service, suspects: counts.suspect, instances: members.count)
        : .preservationEnded(service: service))
  }

  /// Adds the instance, in the place of one with the same id; the epoch is the version that it begins.
  ///
  /// What is known of an instance at the same address stays known.
  mutating func register(
    _ instance: ServiceInstance, ttlNanoseconds: Int64, initialHealth: HealthStatus = .unknown,
    at now: Instant
  ) -> (epoch: UInt64, events: [RegistryEvent]) {
    let (id, epoch) = (instance.id, version + 1)
    let replaced = members.member(withID: id)
    var reports = HealthReports(initial: initialHealth)
    if let replaced, replaced.instance.address.isIdentical(to: instance.address),
      let known = terms[replaced.epoch]
    {
      reports = known.reports
    }
    let member = ServiceMember(
      instance: instance, epoch: epoch, health: reports.status, state: keepOverride(Identifier(id), at: now))
    let wasPreserving = counts.suspect > 0
    show(member)
    terms[epoch] = Term(
      id: id, ttlNanoseconds: ttlNanoseconds, expiresAt: now.advanced(byNanoseconds: ttlNanoseconds),
      reports: reports)
    enqueue(epoch)
    registered += 1
    var events = [RegistryEvent.registered(member)]
    notePreservation(before: wasPreserving, &events)
    noteChange(&events)
    return (epoch, events)
  }

  mutating func renew(
    _ id: String, epoch: UInt64, at now: Instant
  ) -> (renewal: Lease.Renewal, events: [RegistryEvent]) {
    guard let term = terms[epoch] else {
      return (members.member(withID: id) == nil ? .lost : .superseded, [])
    }
    let renewed = now.advanced(byNanoseconds: term.ttlNanoseconds)
    guard counts.suspect > 0, let (_, member) = update(id, { $0.isSuspect = false }) else {
      // Two threads may arrive in another order than they read the clock.
      let until = max(term.expiresAt, renewed)
      terms[epoch]?.expiresAt = until
      return (.renewed(until: until), [])
    }
    terms[epoch]?.expiresAt = renewed
    enqueue(epoch)
    var events = [RegistryEvent.reinstated(member)]
    notePreservation(before: true, &events)
    noteChange(&events)
    return (.renewed(until: renewed), events)
  }

  /// - Parameter epoch: The only registration to end; `nil` for whichever there is.
  mutating func deregister(_ id: String, epoch: UInt64?, at now: Instant) -> [RegistryEvent] {
    let wasPreserving = counts.suspect > 0
    if let epoch, terms[epoch] == nil { return [] }
    guard let member = hide(id, at: now) else { return [] }
    deregistered += 1
    var events = [RegistryEvent.deregistered(member)]
    notePreservation(before: wasPreserving, &events)
    noteChange(&events)
    return events
  }
}
