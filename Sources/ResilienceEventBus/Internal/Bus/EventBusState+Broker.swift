internal import ResilienceCore

// What comes from a broker, and goes back to it.

extension EventBusState {
  /// Queues an event that a broker handed out.
  mutating func receive(_ message: Message, in group: Int) {
    // The group may be gone, and another one have its place.
    guard !groups[group].isRemoved, groups[group].link === message.origin?.link else { return }
    enqueue(message, in: group)
  }

  enum Room: Sendable {
    case events(Int)
    case wait(RoomWait)
  }

  /// How many more events a group may have, or what to wait for when it may have none.
  mutating func room(in group: Int, capacity: Int) -> Room {
    // Not many more than there are handlers for: what was handed out counts as delivered should the process
    // die.
    let twice = groups[group].places.multipliedReportingOverflow(by: 2)
    let room = min(capacity, twice.overflow ? capacity : twice.partialValue) - groups[group].queue.count
    if room > 0 { return .events(room) }
    return .wait(RoomWait(place: groups[group].publishers.insert(1), group: groups[group].number))
  }

  /// Takes out what came through a link and no handler is at work on, as deliveries so far.
  mutating func takeReceived(through link: BrokerLink, of group: Int) -> [(
    receipt: BrokerReceipt, deliveries: Int
  )] {
    let taken = groups[group].queue.takeOut { $0.origin?.link === link }
    groups[group].enqueued -= taken.count
    settled(taken.count, in: group)
    return taken.compactMap { ticket in
      released.append(ticket.message)
      return ticket.message.origin.map { ($0.receipt, ticket.attempt) }
    }
  }

  /// Keeps what a delivery's handler has published until the delivery is settled.
  ///
  /// - Returns: Whether the delivery holds, and came from a broker.
  mutating func attach(_ events: [EncodedEvent], to delivery: DeliveryPlace, ofGroupMarked mark: UInt16)
    -> Bool
  {
    guard let group = groups.firstIndex(where: { $0.link != nil && $0.mark.number == mark }) else {
      return false
    }
    return groups[group].queue.attach(events, lane: Int(delivery.lane), flight: delivery.flight)
  }

  /// Has a broker told what became of an event.
  mutating func tell(_ ticket: LaneQueue.Ticket, _ outcome: BrokerSettlement.Outcome) {
    guard let origin = ticket.message.origin else { return }
    // While the lock is held: what is published with it is stored in the order of the decisions.
    if let settler = origin.link.settle(BrokerSettlement(origin.receipt, outcome)) { wakeups.append(settler) }
  }

  /// Sessions to begin.
  mutating func takeNewLinks() -> [NewLink] {
    defer { newLinks = [] }
    return newLinks.filter { !groups[$0.group].isRemoved }
  }

  /// All groups with a broker, for a `run()` that begins.
  mutating func renewLinks() {
    newLinks = groups.indices.compactMap { index in
      guard !groups[index].isRemoved, let link = groups[index].link else { return nil }
      return NewLink(link: link, group: index)
    }
  }

  mutating func noteMade(_ link: BrokerLink) {
    unmade.removeAll { $0 === link }
  }
}
