internal import ResilienceCore

// Who gets what.

extension EventBusState {
  mutating func subscribe(
    to filter: EventFilter, group name: String, handler: Consumer, policy: DeliveryPolicy,
    budget: RetryBudget?, isResponder: Bool, broker: (any EventBroker)? = nil
  ) throws(GroupConflict) -> Int {
    // Requests are of use to who waits in this process: they stay in memory.
    let source = isResponder ? nil : broker
    let group = group(named: name, of: filter) ?? addGroup(name, of: filter, policy, budget, source)
    let settings = groups[group].settings
    guard settings.policy == policy, settings.budget === budget else {
      throw GroupConflict(filter: filter, group: name, present: settings.policy, requested: policy)
    }
    let id = nextConsumer
    nextConsumer += 1
    groups[group].members.append(
      DeliveryGroup.Member(
        worker: Worker(
          group: group, groupName: name, filter: filter, consumer: id, handler: handler,
          mark: groups[group].mark)))
    if isResponder { groups[group].answersRequests = true }
    startWorkers(for: group)
    return id
  }

  mutating func unsubscribe(_ id: Int, from name: String, of filter: EventFilter) {
    guard let group = group(named: name, of: filter) else { return }
    dismiss(id, from: group)
  }

  /// - Returns: Whether there is such a group.
  mutating func update(_ policy: DeliveryPolicy, of name: String, _ filter: EventFilter) -> Bool {
    guard let group = group(named: name, of: filter) else { return false }
    groups[group].settings = GroupSettings(policy: policy, budget: groups[group].settings.budget)
    // Publishers that wait try again by the new policy.
    while !groups[group].publishers.isEmpty { wakePublisher(of: group) }
    startWorkers(for: group)
    return true
  }

  /// - Returns: What the group leaves behind, in the order it came, and the budgets that get a token back.
  mutating func removeGroup(
    _ name: String, of filter: EventFilter
  ) -> (undelivered: [LaneQueue.Ticket], unused: [RetryBudget]) {
    guard let group = group(named: name, of: filter) else { return ([], []) }
    forget(group, filter)
    groups[group].isRemoved = true
    if let settler = groups[group].link?.close() { wakeups.append(settler) }
    for member in groups[group].members { dismiss(member.worker.consumer, from: group) }
    let unused = groups[group].queue.takeTokens()
    let undelivered = groups[group].queue.removeAll()
    groups[group].deadLettered += undelivered.count
    for ticket in undelivered { failRequest(ticket, of: group, .noSubscriber) }
    settled(undelivered.count, in: group)
    while !groups[group].publishers.isEmpty { wakePublisher(of: group) }
    return (undelivered, unused)
  }

  private mutating func forget(_ group: Int, _ filter: EventFilter) {
    routes = []
    guard case .type(let type) = filter else { return patternGroups.removeAll { $0 == group } }
    let key = Identifier(type)
    groupsOfType[key]?.removeAll { $0 == group }
    if groupsOfType[key]?.isEmpty == true { groupsOfType[key] = nil }
  }

  private mutating func addGroup(
    _ name: String, of filter: EventFilter, _ policy: DeliveryPolicy, _ budget: RetryBudget?,
    _ broker: (any EventBroker)?
  ) -> Int {
    let index = groups.firstIndex { $0.isRemoved && $0.workers == 0 && $0.queue.count == 0 } ?? groups.count
    let link = broker.map { BrokerLink($0, BrokerGroup("\(name)/\(filter)", filter: filter)) }
    let group = DeliveryGroup(
      number: nextGroup, filter: filter, name: name,
      settings: GroupSettings(policy: policy, budget: budget), link: link)
    if phase != .stopped { group.mark.take() }
    nextGroup += 1
    if index == groups.count { groups.append(group) } else { groups[index] = group }
    if let link {
      newLinks.append(NewLink(link: link, group: index))
      unmade.append(link)
      wakeDispatcher()
    }
    routes = []
    if case .type(let type) = filter {
      groupsOfType[Identifier(type), default: []].append(index)
    } else {
      patternGroups.append(index)
    }
    return index
  }

  /// The consumer's parked workers are woken to leave; its busy ones leave after their delivery.
  private mutating func dismiss(_ consumer: Int, from group: Int) {
    released += groups[group].members.filter { $0.worker.consumer == consumer }.map(\.worker.handler)
    groups[group].members.removeAll { $0.worker.consumer == consumer }
    for parked in groups[group].parked.elements where parked.consumer == consumer {
      groups[group].arriving += 1
      wakeups.append(parked.waiter)
    }
    groups[group].parked.removeAll { $0.consumer == consumer }
    newWorkers.removeAll { hiring in
      guard hiring.worker.consumer == consumer else { return false }
      groups[group].workers -= 1
      groups[group].arriving -= 1
      return true
    }
    // A group without subscriptions does not make publishers wait.
    while groups[group].members.isEmpty, !groups[group].publishers.isEmpty { wakePublisher(of: group) }
    startWorkers(for: group)
  }
}
