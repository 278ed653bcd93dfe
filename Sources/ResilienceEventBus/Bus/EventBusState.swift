internal import ResilienceCore

/// Everything that the bus's lock protects: groups, their workers, and who waits for what.
///
/// Synchronous and without side effects: waiters to be resumed are collected in `wakeups` and resumed by the owner after
/// the lock is released.
struct EventBusState {
  /// One worker: it delivers the events of a group to one consumer until nothing is left to do for it.
  final class Worker: Sendable {
    let group: Int
    let groupName: String
    let consumer: Int
    let handler: Consumer
    let policy: DeliveryPolicy
    let budget: RetryBudget?

    init(
      group: Int, groupName: String, consumer: Int, handler: Consumer, policy: DeliveryPolicy,
      budget: RetryBudget?
    ) {
      self.group = group
      self.groupName = groupName
      self.consumer = consumer
      self.handler = handler
      self.policy = policy
      self.budget = budget
    }
  }

  enum Assignment: Sendable {
    case deliver(LaneQueue.Ticket)
    case park(Waiter)
    case leave
  }

  var groups: [DeliveryGroup] = []
  var groupsOfType: [String: [Int]] = [:]
  var requests = PendingRequests()
  var wakeups: [Waiter] = []

  /// Handlers and payloads of users: letting go of them may run anything, so the owner does it outside the lock.
  var released: [any Sendable] = []

  var published = 0
  var unrouted = 0
  private var outstanding = 0
  private(set) var idleWaiters: [Waiter] = []
  private var nextConsumer = 1
  private var nextGroup = 1

  private var isRunning = false
  private var hirings: [Worker] = []
  private var dispatcher: Waiter?
  private var timekeeper: Waiter?
  private var timekeeperDue = Instant(nanoseconds: .max)

  var snapshots: [EventBusSnapshot.Group] {
    groups.filter { !$0.isRemoved }.sorted { $0.number < $1.number }.map(\.snapshot)
  }

  mutating func takeWakeups() -> [Waiter] {
    guard !wakeups.isEmpty else { return [] }
    defer { wakeups = [] }
    return wakeups
  }

  mutating func takeReleased() -> [any Sendable] {
    guard !released.isEmpty else { return [] }
    defer { released = [] }
    return released
  }
}

// MARK: - Publishing

extension EventBusState {
  /// The group that has no room; `nil` when all of them have.
  func fullGroup(for type: String, capacity: Int) -> String? {
    groupsOfType[type]?.first { groups[$0].queue.count >= capacity }.map { groups[$0].name }
  }

  /// Queues a message for every group of its type; the caller has made sure that there is room.
  ///
  /// - Returns: The number of groups.
  mutating func publish(_ message: Message) -> Int {
    let receivers = groupsOfType[message.envelope.type] ?? []
    for group in receivers { enqueue(message, in: group) }
    published += 1
    let isReply = requests.resolve(with: message, &wakeups)
    if receivers.isEmpty, !isReply { unrouted += 1 }
    return receivers.count
  }

  mutating func enqueue(_ message: Message, in group: Int) {
    groups[group].queue.append(message)
    groups[group].enqueued += 1
    outstanding += 1
    summonWorkers(for: group)
  }

  func hasSubscriber(to type: String) -> Bool {
    groupsOfType[type]?.isEmpty == false
  }

  func group(named name: String, of type: String) -> Int? {
    groupsOfType[type]?.first { groups[$0].name == name }
  }
}

// MARK: - Subscribing

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
    summonWorkers(for: group)
    return id
  }

  mutating func unsubscribe(_ id: Int, type: String, group name: String) {
    guard let group = group(named: name, of: type) else { return }
    dismiss(id, from: group)
  }

  /// - Returns: What the group leaves behind, in the order it came.
  mutating func removeGroup(_ name: String, of type: String) -> [LaneQueue.Ticket] {
    guard let group = group(named: name, of: type) else { return [] }
    groupsOfType[type]?.removeAll { $0 == group }
    groups[group].isRemoved = true
    for member in groups[group].members { dismiss(member.worker.consumer, from: group) }
    let orphans = groups[group].queue.removeAll()
    groups[group].deadLettered += orphans.count
    for orphan in orphans { failRequest(orphan, of: group, .noSubscriber) }
    settled(orphans.count)
    return orphans
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
    hirings.removeAll { hiring in
      guard hiring.consumer == consumer else { return false }
      groups[group].workers -= 1
      groups[group].arriving -= 1
      return true
    }
    summonWorkers(for: group)
  }
}

// MARK: - Workers

extension EventBusState {
  /// Brings a worker to every ready lane, as far as there are any: wakes a parked one, or has one more started.
  private mutating func summonWorkers(for group: Int) {
    guard isRunning else { return }
    while groups[group].arriving < groups[group].queue.readyLanes {
      if let parked = groups[group].parked.popFirst() {
        wakeups.append(parked.waiter)
      } else if let worker = groups[group].hire() {
        hirings.append(worker)
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
    summonWorkers(for: worker.group)
  }

  /// - Returns: What became of it: a removed group cannot wait for anything.
  mutating func settle(_ ticket: LaneQueue.Ticket, in group: Int, _ settlement: Settlement) -> Settlement {
    let lane = ticket.lane
    var settlement = settlement
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
      groups[group].queue.remove(lane)
      groups[group].deadLettered += 1
      failRequest(ticket, of: group, reason)
      settled(1)
    case .redeliver(let due):
      groups[group].queue.redeliver(lane, at: due)
      groups[group].redeliveries += 1
      if due < timekeeperDue {
        timekeeperDue = due
        wakeTimekeeper()
      }
    case .giveBack:
      groups[group].queue.giveBack(lane)
    }
    summonWorkers(for: group)
    return settlement
  }

  private mutating func failRequest(_ ticket: LaneQueue.Ticket, of group: Int, _ reason: DeadLetter.Reason) {
    if groups[group].answersRequests { requests.fail(ticket.message.envelope, reason, &wakeups) }
  }

  private mutating func settled(_ count: Int) {
    outstanding -= count
    guard outstanding == 0, !idleWaiters.isEmpty else { return }
    wakeups += idleWaiters
    idleWaiters = []
  }

  private mutating func wakeDispatcher() {
    if let dispatcher { wakeups.append(dispatcher) }
    dispatcher = nil
  }

  private mutating func wakeTimekeeper() {
    if let timekeeper { wakeups.append(timekeeper) }
    timekeeper = nil
  }
}

// MARK: - Running

extension EventBusState {
  mutating func start() {
    precondition(!isRunning, "a bus's run() was called while another run() is under way")
    isRunning = true
    for group in groups.indices { summonWorkers(for: group) }
  }

  mutating func stop() {
    isRunning = false
    hirings = []
    dispatcher = nil
    timekeeper = nil
    timekeeperDue = Instant(nanoseconds: .max)
    for group in groups.indices { groups[group].dismissAll() }
  }

  /// Workers to start; without any, the waiter is woken when there are.
  mutating func takeHirings(orWait waiter: Waiter) -> [Worker] {
    defer { hirings = [] }
    if hirings.isEmpty { dispatcher = waiter }
    return hirings
  }

  /// Makes ready what is due, and has the waiter woken should anything become due earlier than what is returned.
  mutating func releaseDue(at now: Instant, orWait waiter: Waiter) -> Instant? {
    var earliest: Instant?
    for group in groups.indices {
      groups[group].queue.releaseDue(at: now)
      summonWorkers(for: group)
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
