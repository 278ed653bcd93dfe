internal import ResilienceCore

/// Everything that the bus's lock protects: groups, their workers, and who waits for what.
///
/// Synchronous and without side effects: waiters to be resumed are collected in `wakeups` and resumed by the
/// owner after the lock is released.
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

  /// Handlers and payloads of users: letting go of them may run anything, so the owner does it outside the
  /// lock.
  var released: [any Sendable] = []

  var published = 0
  var unrouted = 0
  var outstanding = 0
  var idleWaiters: [Waiter] = []
  var nextConsumer = 1
  var nextGroup = 1

  var isRunning = false
  var newWorkers: [Worker] = []
  var dispatcher: Waiter?
  var timekeeper: Waiter?
  var timekeeperDue = Instant(nanoseconds: .max)

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
    startWorkers(for: group)
  }

  func hasSubscriber(to type: String) -> Bool {
    groupsOfType[type]?.isEmpty == false
  }

  func group(named name: String, of type: String) -> Int? {
    groupsOfType[type]?.first { groups[$0].name == name }
  }
}
