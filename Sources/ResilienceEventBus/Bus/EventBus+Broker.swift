internal import ResilienceCore

// What a bus and its broker have to do with each other.

extension EventBus {
  /// Stores an event with the broker; groups get it from there.
  @usableFromInline
  func store(_ message: Message, _ context: CallContext) async throws {
    guard let broker else { return }
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
      let waiter = Waiter("EventBus broker")
      let room = update { $0.room(in: group, capacity: policy.queueCapacity, orWait: waiter) }
      if room > 0 { return min(room, limit) }
      guard await waiter.wait() == .granted else {
        update { $0.forgetPublisher(waiter) }
        throw CancellationError()
      }
    }
  }

  func takeReceived(of group: Int) -> [(receipt: BrokerReceipt, deliveries: Int)] {
    update { $0.takeReceived(of: group) }
  }
}
