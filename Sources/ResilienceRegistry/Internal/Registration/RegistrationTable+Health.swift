internal import ResilienceCore

extension RegistrationTable {
  /// - Returns: `nil` when the registration is gone.
  mutating func report(
    _ status: HealthStatus, of id: String, epoch: UInt64, from source: HealthSource = .observer(""),
    until end: Instant = Deadline.never.instant
  ) -> [RegistryEvent]? {
    guard var term = terms[epoch] else { return nil }
    term.reports.note(status, from: source, until: end)
    terms[epoch] = term
    enqueue(epoch)
    guard let event = showHealth(of: term, from: source) else { return [] }
    var events = [event]
    noteChange(&events)
    return events
  }

  /// Shows what the reports amount to.
  mutating func showHealth(of term: Term, from source: HealthSource?) -> RegistryEvent? {
    let change = update(term.id) { $0.health = term.reports.status }
    return change.map { .healthChanged($0.after, from: $0.before.health, by: source) }
  }

  /// Notes what an operator says of an id.
  ///
  /// - Returns: `nil` when it is not registered.
  mutating func override(_ state: InstanceState, of id: String) -> [RegistryEvent]? {
    guard let member = members.member(withID: id) else { return nil }
    overrides[Identifier(id)] = state == .inService ? nil : Override(state: state)
    return showState(of: member)
  }

  /// Notes what an instance's owner says of a registration.
  ///
  /// - Parameter epoch: The only registration that is meant; `nil` for whichever there is.
  /// - Returns: `nil` when the registration is gone.
  mutating func setOwnerState(_ state: InstanceState, of id: String, epoch: UInt64?) -> [RegistryEvent]? {
    guard let member = members.member(withID: id), epoch == nil || member.epoch == epoch else { return nil }
    terms[member.epoch]?.ownerState = state
    return showState(of: member)
  }

  private mutating func showState(of member: ServiceMember) -> [RegistryEvent] {
    let owners = terms[member.epoch]?.ownerState ?? .inService
    let state = owners.combined(with: overrides[Identifier(member.instance.id)]?.state ?? .inService)
    guard let change = update(member.instance.id, { $0.state = state }) else { return [] }
    var events = [RegistryEvent.stateChanged(change.after, from: change.before.state)]
    noteChange(&events)
    return events
  }
}
