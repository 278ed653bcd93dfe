internal import ResilienceCore

extension EventBus {
  /// Ends a group: its subscriptions are cancelled, and what it has outstanding is a dead letter.
  ///
  /// Handlers that run finish; should they fail, their event is a dead letter too.
  public func removeGroup<Payload>(_ group: String, of type: EventType<Payload>) {
    removeGroup(group, matching: .type(type.name))
  }

  /// Ends a group of several types.
  public func removeGroup(_ group: String, matching filter: EventFilter) {
    let time = CallContext.current.clock.unixTime
    let unused = update { state in
      let (undelivered, unused) = state.removeGroup(group, of: filter)
      for ticket in undelivered {
        addDeadLetter(
          ticket, group, filter, .noSubscriber, nil, deliveries: ticket.attempt, time, &state)
      }
      return unused
    }
    for budget in unused { budget.refundRetry() }
  }
}
