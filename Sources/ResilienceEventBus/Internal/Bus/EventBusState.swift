internal import ResilienceCore

/// Everything that the bus's lock protects: groups, their workers, and who waits for what.
///
/// Synchronous and without side effects: waiters to be resumed are collected in `wakeups` and resumed by the
/// owner after the lock is released.
struct EventBusState {
  /// One consumer of a group, as its workers know it: they deliver to it until nothing is left to do.
  final class Worker: Sendable {
    let group: Int
    let groupName: String
    let filter: EventFilter
    let consumer: Int
    let handler: Consumer
    let mark: DeliveryMark

    init(
      group: Int, groupName: String, filter: EventFilter, consumer: Int, handler: Consumer, mark: DeliveryMark
    ) {
      self.group = group
      self.groupName = groupName
      self.filter = filter
      self.consumer = consumer
      self.handler = handler
      self.mark = mark
    }
  }

  enum Assignment: Sendable {
    case deliver(LaneQueue.Ticket, GroupSettings)
    case park(Waiter)
    case leave
  }

  /// An event that left a group before its turn.
  struct Leaver: Sendable {
    let ticket: LaneQueue.Ticket
    let group: String
    let filter: EventFilter
    /// `nil` when it was dropped.
    let reason: DeadLetter.Reason?
    let unused: RetryBudget?
  }

  var groups: [DeliveryGroup] = []
  var groupsOfType: [Identifier: [Int]] = [:]
  /// Groups of a prefix, or of all types. All are looked at for each event: there are a handful, audits and
  /// forwarders.
  var patternGroups: [Int] = []
  var requests = PendingRequests()
  var scheduled = DueHeap<Message>()
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

  var phase = Phase.stopped
  var newWorkers: [WorkerRun] = []
  var runs: [Int: WorkerRun] = [:]
  var nextRun = 1
  var dispatcher: Waiter?
  var endWaiters: [Waiter] = []
  /// The instant of the timer that is set, or is to be; `Deadline.never` for none.
  var timerDue = Deadline.never.instant
  var wantsTimer = false

  enum Phase {
    case stopped
    case running
    /// No delivery is begun any more; handlers that run are waited for.
    case ending
  }

  func snapshots(at now: UnixTime) -> [EventBusSnapshot.Group] {
    groups.filter { !$0.isRemoved }.sorted { $0.number < $1.number }.map { $0.snapshot(at: now) }
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

  /// The instant that a timer is to be set for, once.
  mutating func takeTimer() -> Instant? {
    guard wantsTimer, phase != .stopped else { return nil }
    wantsTimer = false
    return timerDue
  }

  /// Has something done at `due`.
  mutating func expect(_ due: Instant) {
    guard due < timerDue, phase != .stopped else { return }
    timerDue = due
    wantsTimer = true
  }
}
