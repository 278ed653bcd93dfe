internal import ResilienceCore

extension EventBus {
  /// Keeps an event for the end of the handler that publishes it, if there is an outbox for this bus.
  ///
  /// Called when the context says that there is one for some bus.
  ///
  /// - Parameter later: When it is to be published; `nil` for now.
  /// - Returns: Whether it was kept.
  @inline(never)
  func keep(_ message: Message, later: OutboxScope.Later? = nil) throws -> Bool {
    guard OutboxScope.current != nil else { throw OutboxClosed(type: message.envelope.type) }
    guard let scope = OutboxScope.current(for: self) else { return false }
    try scope.collect([OutboxScope.Item(message: message, later: later)])
    return true
  }

  /// Publishes all that a handler has published, or hands it on to the outbox around that one.
  ///
  /// - Parameter input: What the handler handled.
  func publish<Input>(_ scope: OutboxScope, for input: Input, _ context: CallContext) async throws {
    let items = scope.close()
    if items.isEmpty { return }
    if let enclosing = scope.enclosing { return try enclosing.collect(items) }
    if let broker {
      let place = OutboxScope.isBehindInbox ? nil : (input as? any DeliveredEvent)?.place
      return try await store(items, with: place, broker, context)
    }
    try publish(items, context)
  }

  private func publish(_ items: [OutboxScope.Item], _ context: CallContext) throws {
    let publication = update { state in
      let publication = state.publish(items, capacity: policy.queueCapacity)
      if case .queued(let groups, _) = publication {
        for (item, count) in zip(items, groups) {
          let kind = item.later.map { EventBusEvent.Kind.scheduled(after: $0.delay) }
          let envelope = item.message.envelope
          note(
            kind ?? .published(groups: count), envelope, group: nil,
            attempt: kind == nil ? envelope.attempt : 0)
        }
      }
      return publication
    }
    switch publication {
    case .queued(_, let leavers): letGo(leavers, at: context.clock.unixTime)
    case .full(let group, let type): throw queueFull(group, of: type, context)
    }
  }
}

/// An event of any payload.
private protocol DeliveredEvent {
  var place: DeliveryPlace { get }
}

extension Event: DeliveredEvent {
  var place: DeliveryPlace { envelope.delivery }
}
