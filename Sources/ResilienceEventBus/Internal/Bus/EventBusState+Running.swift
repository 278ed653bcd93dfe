internal import ResilienceCore

// The workers, and what makes them work.

extension EventBusState {
  /// Brings a worker to every ready lane, as far as there are any: wakes a parked one, or has one more
  /// started.
  mutating func startWorkers(for group: Int) {
    guard isRunning else { return }
    while groups[group].arriving < groups[group].queue.readyLanes {
      if let parked = groups[group].parked.popFirst() {
        wakeups.append(parked.waiter)
      } else if let worker = groups[group].takeWorker() {
        newWorkers.append(worker)
        wakeDispatcher()
      } else {
        return
      }
      groups[group].arriving += 1
    }
  }

  /// What a worker does next. `isArriving` when it was just started or woken.
  mutating func assignment(for worker: Worker, isArriving: Bool) -> Assignment {
    if isArriving { groups[worker.group].arriving -= 1 }
    guard groups[worker.group].isMember(worker.consumer) else { return .leave }
    if let ticket = groups[worker.group].queue.take() { return .deliver(ticket) }
    let waiter = Waiter("EventBus worker")
    groups[worker.group].parked.append(DeliveryGroup.Parked(waiter: waiter, consumer: worker.consumer))
    return .park(waiter)
  }

  /// A worker ends; another consumer may have to take over what was ready for it.
  mutating func leave(_ worker: Worker) {
    groups[worker.group].leave(worker.consumer)
    startWorkers(for: worker.group)
  }

  /// - Returns: What became of it: a removed group cannot wait for anything. And the budget that gets a token
  ///   back, since the redelivery is not made.
  mutating func settle(
    _ ticket: LaneQueue.Ticket, in group: Int, _ settlement: Settlement, after load: DeliveryLoad
  ) -> (Settlement, unused: RetryBudget?) {
    let lane = ticket.lane
    var settlement = settlement
    var unused: RetryBudget?
    if groups[group].isRemoved {
      switch settlement {
      case .redeliver, .giveBack: settlement = .deadLetter(.noSubscriber)
      case .acknowledge, .deadLetter: break
      }
    }
    switch settlement {
    case .acknowledge:
      groups[group].queue.remove(lane)
      groups[group].delivered += 1
      settled(1)
    case .deadLetter(let reason):
      switch load {
      case .none: unused = groups[group].queue.takeToken(of: lane)
      case .made(let token): unused = token
      }
      groups[group].queue.remove(lane)
      groups[group].deadLettered += 1
      failRequest(ticket, of: group, reason)
      settled(1)
    case .redeliver(let due):
      groups[group].queue.redeliver(lane, at: due, after: load)
      groups[group].redeliveries += 1
      if due < timekeeperDue {
        timekeeperDue = due
        wakeTimekeeper()
      }
    case .giveBack:
      groups[group].queue.giveBack(lane)
    }
    startWorkers(for: group)
    return (settlement, unused)
  }

  mutating func failRequest(_ ticket: LaneQueue.Ticket, of group: Int, _ reason: DeadLetter.Reason) {
    if groups[group].answersRequests { requests.fail(ticket.message.envelope, reason, &wakeups) }
  }

  mutating func settled(_ count: Int) {
    outstanding -= count
    guard outstanding == 0, !idleWaiters.isEmpty else { return }
    wakeups += idleWaiters
    idleWaiters = []
  }

  mutating func wakeDispatcher() {
    if let dispatcher { wakeups.append(dispatcher) }
    dispatcher = nil
  }

  mutating func wakeTimekeeper() {
    if let timekeeper { wakeups.append(timekeeper) }
    timekeeper = nil
  }
}

// MARK: - The dispatcher and the timekeeper

extension EventBusState {
  mutating func start() {
    precondition(!isRunning, "a bus's run() was called while another run() is under way")
    isRunning = true
    for group in groups.indices { startWorkers(for: group) }
  }

  mutating func stop() {
    isRunning = false
    newWorkers = []
    dispatcher = nil
    timekeeper = nil
    timekeeperDue = Instant(nanoseconds: .max)
    for group in groups.indices { groups[group].removeWorkers() }
  }

  /// Workers to start; without any, the waiter is woken when there are.
  mutating func takeHirings(orWait waiter: Waiter) -> [Worker] {
    defer { newWorkers = [] }
    if newWorkers.isEmpty { dispatcher = waiter }
    return newWorkers
  }

  /// Makes ready what is due, and has the waiter woken should anything become due earlier than what is
  /// returned.
  mutating func releaseDue(at now: Instant, orWait waiter: Waiter) -> Instant? {
    var earliest: Instant?
    for group in groups.indices {
      groups[group].queue.releaseDue(at: now)
      startWorkers(for: group)
      if let due = groups[group].queue.nextDue { earliest = min(earliest ?? due, due) }
    }
    timekeeper = waiter
    timekeeperDue = earliest ?? Instant(nanoseconds: .max)
    return earliest
  }

  /// - Returns: Whether nothing is outstanding; else the waiter is woken when nothing is.
  mutating func isIdle(orWait waiter: Waiter) -> Bool {
    if outstanding > 0 { idleWaiters.append(waiter) }
    return outstanding == 0
  }

  mutating func forgetIdle(_ waiter: Waiter) {
    idleWaiters.removeAll { $0 === waiter }
  }
}
