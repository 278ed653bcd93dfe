internal import ResilienceCore

// Who gets an event, and what makes room for it.

extension EventBusState {
  enum Publication: Sendable {
    /// Queued for so many groups; these events made room.
    case queued(groups: Int, made: [Leaver])
    /// Refused for this group.
    case full(group: String)
    /// Nothing was queued; once there is room in the group it may be tried again.
    case wait(WaitingQueue.Place, group: Int)
  }

  /// Queues a message for every group that gets it, or for none.
  mutating func publish(_ message: Message, capacity: Int, mayWait: Bool) -> Publication {
    let receivers = receivers(of: message.envelope.definition)
    for group in receivers where groups[group].queue.count >= capacity {
      switch groups[group].overflow {
      case .wait where mayWait:
        return .wait(groups[group].publishers.insert(1), group: groups[group].number)
      case .refuse, .wait:
        return .full(group: groups[group].name)
      case .dropOldest, .deadLetterOldest:
        // All are with a handler: there is nothing to take out.
        if groups[group].queue.inFlight >= capacity { return .full(group: groups[group].name) }
      }
    }
    return .queued(groups: receivers.count, made: queue(message, for: receivers, capacity))
  }

  /// - Returns: The events that made room.
  mutating func queue(_ message: Message, for receivers: [Int], _ capacity: Int) -> [Leaver] {
    var leavers: [Leaver] = []
    for group in receivers {
      if groups[group].queue.count >= capacity, let leaver = makeRoom(in: group) { leavers.append(leaver) }
      enqueue(message, in: group)
    }
    published += 1
    let isReply = requests.resolve(with: message, &wakeups)
    if receivers.isEmpty, !isReply { unrouted += 1 }
    return leavers
  }

  /// Queues a message whose time has come, for every group that has room or makes it; for the others it is a
  /// dead letter.
  mutating func publishLate(_ message: Message, capacity: Int) -> (groups: Int, leavers: [Leaver]) {
    let receivers = receivers(of: message.envelope.definition)
    var leavers: [Leaver] = []
    for group in receivers {
      if groups[group].queue.count >= capacity {
        let makesRoom = groups[group].overflow == .dropOldest || groups[group].overflow == .deadLetterOldest
        guard makesRoom, let leaver = makeRoom(in: group) else {
          leavers.append(refuse(message, in: group))
          continue
        }
        leavers.append(leaver)
      }
      enqueue(message, in: group)
    }
    published += 1
    if receivers.isEmpty { unrouted += 1 }
    return (receivers.count, leavers)
  }

  private mutating func refuse(_ message: Message, in group: Int) -> Leaver {
    groups[group].enqueued += 1
    groups[group].deadLettered += 1
    let ticket = LaneQueue.Ticket(
      lane: 0, message: message, attempt: message.envelope.attempt, flight: .max, hasBeenMade: false)
    return Leaver(
      ticket: ticket, group: groups[group].name, filter: groups[group].filter, reason: .overflow, unused: nil)
  }

  /// Looks the constant up that publishers share, which is a fifth of the cost of hashing its name.
  mutating func receivers(of definition: EventDefinition) -> [Int] {
    if routes.isEmpty { routes = Array(repeating: nil, count: 8) }
    let slot = Int(bitPattern: ObjectIdentifier(definition)) >> 5 & 7
    if let route = routes[slot], route.definition === definition { return route.receivers }
    let receivers = receivers(of: definition.name)
    routes[slot] = Route(definition: definition, receivers: receivers)
    return receivers
  }

  func receivers(of type: String) -> [Int] {
    let exact = groupsOfType[Identifier(type)] ?? []
    if patternGroups.isEmpty { return exact }
    return exact + patternGroups.filter { groups[$0].filter.matches(type) }
  }

  mutating func enqueue(_ message: Message, in group: Int) {
    groups[group].queue.append(message)
    groups[group].enqueued += 1
    outstanding += 1
    if !message.envelope.deadline.isNever { expect(message.envelope.deadline.instant) }
    startWorkers(for: group)
  }

  /// Takes the oldest event out.
  private mutating func makeRoom(in group: Int) -> Leaver? {
    guard let (ticket, unused) = groups[group].queue.takeOldest() else { return nil }
    let isDropped = groups[group].overflow == .dropOldest
    return leave(ticket, unused, group, isDropped ? nil : .overflow)
  }

  /// Counts an event that was taken out of a group.
  mutating func leave(
    _ ticket: LaneQueue.Ticket, _ unused: RetryBudget?, _ group: Int, _ reason: DeadLetter.Reason?
  ) -> Leaver {
    if let reason {
      groups[group].deadLettered += 1
      failRequest(ticket, of: group, reason)
    } else {
      groups[group].dropped += 1
      failRequest(ticket, of: group, .overflow)
    }
    released.append(ticket.message)
    settled(1, in: group)
    return Leaver(
      ticket: ticket, group: groups[group].name, filter: groups[group].filter, reason: reason, unused: unused)
  }

  /// The groups that would answer a request: one that everybody has left does not, nor does an audit that
  /// gets the request as well, when there is one that is there for answers.
  func responders(to type: String) -> [Int] {
    let receivers = receivers(of: type)
    let answering = receivers.filter { groups[$0].answersRequests }
    return (answering.isEmpty ? receivers : answering).filter { !groups[$0].members.isEmpty }
  }

  func group(named name: String, of filter: EventFilter) -> Int? {
    if case .type(let type) = filter {
      return groupsOfType[Identifier(type)]?.first { groups[$0].name.isIdentical(to: name) }
    }
    return patternGroups.first { groups[$0].name.isIdentical(to: name) && groups[$0].filter == filter }
  }
}
