internal import ResilienceCore

extension RegistrationTable {
  /// Lists a store's record; the store keeps its lease.
  ///
  /// The same instance under the same lease stays the same registration, whatever is said of its state.
  mutating func adopt(_ record: StoreRecord, at now: Instant) -> [RegistryEvent] {
    let instance = record.instance
    let present = members.member(withID: instance.id)
    let isSame =
      present.map { member in
        member.instance == instance && !member.isSuspect
          && terms[member.epoch]?.storeLeaseID == record.leaseID
      } ?? false
    var events: [RegistryEvent] = []
    if !isSame {
      let (epoch, registered) = register(instance, ttlNanoseconds: .max, at: now)
      terms[epoch]?.storeLeaseID = record.leaseID
      events = registered
    }
    return events + (setOwnerState(record.state, of: instance.id, epoch: nil) ?? [])
  }

  /// Drops an instance that nothing has been heard of for too long.
  mutating func giveUp(_ id: String, at now: Instant) -> [RegistryEvent] {
    guard let member = hide(id, at: now) else { return [] }
    expired += 1
    var events = [RegistryEvent.expired(member)]
    noteChange(&events)
    return events
  }
}
