internal import ResilienceCore

// What a bus and its broker have to do with each other.

extension EventBus {
  /// Stores an event with the broker; groups get it from there.
  @usableFromInline
  func store(_ message: Message, _ context: CallContext) async throws {
    guard let broker else { return }
    if context.flags.contains(.outbox), try keep(message) { return }
    let event = try message.encoded(context)
    try await makeGroups()
    try await broker.publish([event])
    update { state in
      state.published += 1
      let groups = state.receivers(of: event.type).count
      note(.published(groups: groups), message.envelope, group: nil, attempt: message.envelope.attempt)
    }
  }

  /// Has the broker know of all groups: what is published from then on is theirs.
  func makeGroups() async throws {
    for link in update({ $0.unmade }) {
      try await link.broker.join(link.group).leave()
      update { $0.noteMade(link) }
    }
  }

  func receive(_ message: Message, in group: Int) {
    update { $0.receive(message, in: group) }
  }

  /// Waits until a group may have more events.
  func room(in group: Int, atMost limit: Int) async throws -> Int {
    while true {
      switch update({ $0.room(in: group, capacity: policy.queueCapacity) }) {
      case .events(let count): return min(count, limit)
      case .wait(let wait):
        guard await wait.place.turn.wait() == .granted else {
          passRoomOn(wait)
          throw CancellationError()
        }
      }
    }
  }

  /// Publishes what a handler has published behind an outbox: with the acknowledgement of the event that it
  /// handles, in one record of the broker; by itself where there is none.
  func store(
    _ items: [OutboxScope.Item], with delivery: DeliveryPlace?, _ broker: any EventBroker,
    _ context: CallContext
  ) async throws {
    let events = try items.map { item in
      var event = try item.message.encoded(context)
      if let later = item.later {
        let delay = context.readClock().duration(to: later.due)
        event.notBefore = context.clock.unixTime.advanced(by: delay)
      }
      return event
    }
    try await makeGroups()
    let mark = context.flags.deliveryGroup
    let isAttached = delivery.map { place in
      update { $0.attach(events, to: place, ofGroupMarked: mark) }
    }
    if isAttached != true { try await broker.publish(events) }
    update { state in
      for item in items {
        if let later = item.later {
          noteScheduled(item.message, after: later.delay)
          continue
        }
        state.published += 1
        let envelope = item.message.envelope
        let groups = state.receivers(of: envelope.type).count
        note(.published(groups: groups), envelope, group: nil, attempt: envelope.attempt)
      }
    }
  }

  /// An event that is published without waiting: only an outbox keeps it.
  @usableFromInline
  func keepOrRefuse(_ message: Message, _ context: CallContext) throws {
    guard try context.flags.contains(.outbox) && keep(message) else {
      throw PublishNeedsAwait(type: message.envelope.type)
    }
  }

  func takeReceived(
    through link: BrokerLink, of group: Int
  ) -> [(receipt: BrokerReceipt, deliveries: Int)] {
    update { $0.takeReceived(through: link, of: group) }
  }
}
