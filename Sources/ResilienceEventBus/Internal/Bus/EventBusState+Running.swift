internal import ResilienceCore

// The workers, and what makes them work.

extension EventBusState {
  /// Brings a worker to every ready lane, as far as there are any: wakes a parked one, or has one more
  /// started.
  mutating func startWorkers(for group: Int) {
    if phase == .running, groups[group].arriving < groups[group].queue.readyLanes {
      startMoreWorkers(for: group)
    }
  }

  @inline(never)
  private mutating func startMoreWorkers(for group: Int) {
    while groups[group].arriving < groups[group].queue.readyLanes {
      if let parked = groups[group].parked.popFirst() {
        wakeups.append(parked.waiter)
      } else if let worker = groups[group].takeWorker() {
        newWorkers.append(WorkerRun(number: nextRun, worker: worker))
        nextRun += 1
        wakeDispatcher()
      } else {
        return
      }
      groups[group].arriving += 1
    }
  }

  /// What a worker does next. `isArriving` when it was just started or woken.
  mutating func assignment(for run: WorkerRun, isArriving: Bool, at now: Instant) -> Assignment {
    let group = run.worker.group
    if run.isGone { return .leave }
    if isArriving { groups[group].arriving -= 1 }
    let settings = groups[group].settings
    guard phase == .running,
      DeliveryGroup.mayWork(run.worker.consumer, among: groups[group].members, settings)
    else { return .leave }
    let leaseEnd = settings.leaseNanoseconds.map { now.advanced(byNanoseconds: $0) }
    if let ticket = groups[group].queue.take(by: run.number, leaseEnd: leaseEnd) {
      if let leaseEnd { expect(leaseEnd) }
      return .deliver(ticket, settings, at: now)
    }
    let waiter = Waiter("EventBus worker")
    groups[group].parked.append(DeliveryGroup.Parked(waiter: waiter, consumer: run.worker.consumer))
    return .park(waiter)
  }

  /// A worker ends; another consumer may have to take over what was ready for it.
  mutating func leave(_ run: WorkerRun) {
    guard runs.removeValue(forKey: run.number) != nil else { return }
    run.noteGone()
    groups[run.worker.group].leave(run.worker.consumer)
    startWorkers(for: run.worker.group)
    if runs.isEmpty, phase == .ending { wakeDispatcher() }
  }

  /// - Returns: What became of it: a removed group cannot wait for anything; `nil` when the delivery's lease
  ///   had ended. And the budget that gets a token back, since the redelivery is not made.
  mutating func settle(
    _ ticket: LaneQueue.Ticket, in group: Int, _ settlement: Settlement, after load: DeliveryLoad
  ) -> (Settlement?, unused: RetryBudget?) {
    let lane = ticket.lane
    guard groups[group].queue.isCurrent(ticket) else {
      if case .made(let token) = load { return (nil, token) }
      return (nil, nil)
    }
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
      settled(1, in: group)
    case .deadLetter(let reason):
      switch load {
      case .none: unused = groups[group].queue.takeToken(of: lane)
      case .made(let token): unused = token
      }
      groups[group].queue.remove(lane)
      groups[group].deadLettered += 1
      failRequest(ticket, of: group, reason)
      settled(1, in: group)
    case .redeliver(let due):
      groups[group].queue.redeliver(lane, at: due, after: load)
      groups[group].redeliveries += 1
      expect(due)
    case .giveBack:
      groups[group].queue.giveBack(lane)
    }
    startWorkers(for: group)
    return (settlement, unused)
  }

  mutating func failRequest(_ ticket: LaneQueue.Ticket, of group: Int, _ reason: DeadLetter.Reason) {
    if groups[group].answersRequests { requests.fail(ticket.message.envelope, reason, &wakeups) }
  }

  mutating func settled(_ count: Int, in group: Int) {
    outstanding -= count
    for _ in 0..<count { wakePublisher(of: group) }
    guard outstanding == 0, !idleWaiters.isEmpty else { return }
    wakeups += idleWaiters
    idleWaiters = []
  }

  mutating func wakePublisher(of group: Int) {
    guard let next = groups[group].publishers.first else { return }
    groups[group].publishers.remove(next)
    wakeups.append(next.turn)
  }

  /// A publisher that waited for room does not take it: it gave up, or waits for another group. If there is
  /// some, the next one is woken.
  mutating func passRoomOn(_ place: WaitingQueue.Place, in number: Int, capacity: Int) {
    guard let group = groups.firstIndex(where: { $0.number == number }) else { return }
    groups[group].publishers.remove(place)
    if groups[group].queue.count < capacity { wakePublisher(of: group) }
  }

  mutating func wakeDispatcher() {
    if let dispatcher { wakeups.append(dispatcher) }
    dispatcher = nil
  }
}

// MARK: - run()

extension EventBusState {
  mutating func start() {
    precondition(phase == .stopped, "a bus's run() was called while another run() is under way")
    phase = .running
    renewLinks()
    for group in groups where !group.isRemoved { group.mark.take() }
    expectNextDue()
    for group in groups.indices { startWorkers(for: group) }
  }

  /// Workers to start; without any, the waiter is woken when there are. `nil` when ``end()`` was called.
  mutating func takeHirings(orWait waiter: Waiter) -> [WorkerRun]? {
    guard phase == .running else { return nil }
    defer { newWorkers = [] }
    for run in newWorkers { runs[run.number] = run }
    if newWorkers.isEmpty {
      dispatcher = waiter
      // A group that came meanwhile.
      if !newLinks.isEmpty { wakeDispatcher() }
    }
    return newWorkers
  }

  /// Whether `run()` runs; the waiter is then woken when it has ended.
  mutating func isRunning(orWait waiter: Waiter) -> Bool {
    if phase != .stopped { endWaiters.append(waiter) }
    return phase != .stopped
  }

  /// Has `run()` end.
  mutating func requestEnd() {
    if phase == .running { phase = .ending }
    wakeDispatcher()
  }

  /// Has `run()` wait for nobody any more, if it has not ended; the waiter is woken when it has.
  mutating func abandonWorkers(orWait waiter: Waiter) -> Bool {
    guard isRunning(orWait: waiter) else { return false }
    for (_, run) in runs { groups[run.worker.group].leave(run.worker.consumer) }
    removeRuns()
    wakeDispatcher()
    return true
  }

  /// Begins no delivery any more.
  ///
  /// - Returns: The workers that run, for the caller to cancel.
  mutating func end() -> [WorkerRun] {
    phase = .ending
    newWorkers = []
    for group in groups.indices {
      wakeups += groups[group].parked.elements.map(\.waiter)
      groups[group].arriving += groups[group].parked.count
      groups[group].parked = FIFO()
    }
    return runs.values.sorted { $0.number < $1.number }
  }

  /// Whether no worker runs; else the waiter is woken when none does.
  mutating func hasEnded(orWait waiter: Waiter) -> Bool {
    if !runs.isEmpty { dispatcher = waiter }
    return runs.isEmpty
  }

  /// Leaves the workers that still run; what they deliver is queued as if it had not been.
  mutating func stop() {
    phase = .stopped
    newWorkers = []
    dispatcher = nil
    timerDue = Deadline.never.instant
    wantsTimer = false
    for group in groups.indices {
      for ticket in groups[group].queue.takeAwayAll() {
        _ = settle(ticket, in: group, .giveBack, after: .none)
      }
      groups[group].removeWorkers()
      groups[group].mark.giveBack()
    }
    removeRuns()
    wakeups += endWaiters
    endWaiters = []
  }

  private mutating func removeRuns() {
    for run in runs.values { run.noteGone() }
    runs = [:]
  }

  /// - Returns: Whether nothing is outstanding; else the waiter is woken when nothing is.
  mutating func isIdle(orWait waiter: Waiter) -> Bool {
    if outstanding > 0 { idleWaiters.append(waiter) }
    return outstanding == 0
  }

  /// As ``isIdle(orWait:)``; the waiter is woken when `run()` has ended, too.
  mutating func isIdle(orEnded waiter: Waiter) -> Bool {
    guard isRunning(orWait: waiter) else { return true }
    return isIdle(orWait: waiter)
  }

  mutating func forgetIdle(_ waiter: Waiter) {
    idleWaiters.removeAll { $0 === waiter }
  }
}
