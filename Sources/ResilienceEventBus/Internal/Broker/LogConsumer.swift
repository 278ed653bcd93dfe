internal import ResilienceCore

/// A consumer of a broker in this process.
final class LogConsumer: BrokerConsumer {
  let broker: LogBroker
  let group: Identifier
  let groupNumber: Int
  let member: Int

  init(broker: LogBroker, group: Identifier, groupNumber: Int, member: Int) {
    self.broker = broker
    self.group = group
    self.groupNumber = groupNumber
    self.member = member
  }

  var heartbeatInterval: Duration { broker.policy.session / 3 }

  func heartbeat() async throws {
    let (isThere, woken) = visit { _, _ in true }
    woken.forEach { $0.grant() }
    guard isThere == true else { throw ended }
  }

  func leave() async throws {
    let (left, woken) = visit { group, _ in group.leave(self.member) }
    (woken + (left ?? [])).forEach { $0.grant() }
  }

  var ended: BrokerSessionEnded { BrokerSessionEnded(group: group.text) }

  /// Ends the sessions that are over, extends this one, and does `body` if it is there. The waiters are to be
  /// woken.
  func visit<Value: Sendable>(
    _ body: (inout BrokerGroupState, _ index: Int) -> Value
  ) -> (value: Value?, woken: [Waiter]) {
    let now = CallContext.current.readClock()
    return broker.state.withLock { state in
      guard state.groups[group]?.number == groupNumber else { return (nil, []) }
      let woken = state.groups[group]?.expire(at: now) ?? []
      guard let index = state.groups[group]?.index(of: member) else { return (nil, woken) }
      state.groups[group]?.members[index].expiresAt = now.advanced(by: broker.policy.session)
      guard var changed = state.groups.removeValue(forKey: group) else { return (nil, woken) }
      defer { state.groups[group] = changed }
      return (body(&changed, index), woken)
    }
  }
}
