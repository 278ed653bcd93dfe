internal import ResilienceCore

// Who gets what.

extension EventBusState {
  mutating func subscribe(
    type: String, group name: String, handler: Consumer, policy: DeliveryPolicy, budget: RetryBudget?,
    isResponder: Bool
  ) -> Int {
    let group = group(named: name, of: type) ?? addGroup(name, of: type)
    let id = nextConsumer
    nextConsumer += 1
    groups[group].members.append(
      DeliveryGroup.Member(
        worker: Worker(
          group: group, groupName: name, consumer: id, handler: handler, policy: policy, budget: budget)))
    if isResponder { groups[group].answersRequests = true }
    startWorkers(for: group)
    return id
  }

  mutating func unsubscribe(_ id: Int, type: String, group name: String) {
    guard let group = group(named: name, of: type) else { return }
    dismiss(id, from: group)
  }

  /// - Returns: What the group leaves behind, in the order it came, and the budgets that get a token back.
  mutating func removeGroup(
    _ name: String, of type: String
  ) -> (undelivered: [LaneQueue.Ticket], unused: [RetryBudget]) {
    guard let group = group(named: name, of: type) else { return ([], []) }
    groupsOfType[type]?.removeAll { $0 == group }
    if groupsOfType[type]?.isEmpty == true { groupsOfType[type] = nil }
    groups[group].isRemoved = true
    for member in groups[group].members { dismiss(member.worker.consumer, from: group) }
    let unused = groups[group].queue.takeTokens()
    let undelivered = groups[group].queue.removeAll()
    groups[group].deadLettered += undelivered.count
    for ticket in undelivered { failRequest(ticket, of: group, .noSubscriber) }
    settled(undelivered.count)
    return (undelivered, unused)
  }

  private mutating func addGroup(_ name: String, of type: String) -> Int {
    let group = DeliveryGroup(number: nextGroup, type: type, name: name)
    nextGroup += 1
    let index = groups.firstIndex { $0.isRemoved && $0.workers == 0 } ?? groups.count
    if index == groups.count { groups.append(group) } else { groups[index] = group }
    groupsOfType[type, default: []].append(index)
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
      guard hiring.consumer == consumer else { return false }
      groups[group].workers -= 1
      groups[group].arriving -= 1
      return true
    }
    startWorkers(for: group)
  }
}
