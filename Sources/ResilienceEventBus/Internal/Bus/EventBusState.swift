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
    case deliver(LaneQueue.Ticket, GroupSettings, at: Instant)
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
  /// Who gets events of the types that were published last; empty when groups have come or gone since.
  var routes: [Route?] = []
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

  /// Groups whose session with the broker is to be begun.
  var newLinks: [NewLink] = []
  /// Groups that the broker may not know of.
  var unmade: [BrokerLink] = []

  var phase = Phase.stopped
  var newWorkers: [WorkerRun] = []
  var runs: [Int: WorkerRun] = [:]
  var nextRun = 1
  var dispatcher: Waiter?
  var endWaiters: [Waiter] = []
  /// The instant of the timer that is set, or is to be; `Deadline.never` for none.
  var timerDue = Deadline.never.instant
  var wantsTimer = false

  struct Route {
    let definition: EventDefinition
    let receivers: [Int]
  }

  struct NewLink: Sendable {
    let link: BrokerLink
    let group: Int
  }

  enum Phase {
    case stopped
    case running
    /// No delivery is begun any more; handlers that run are waited for.
    case ending
  }

  func snapshots(at now: UnixTime) -> [EventBusSnapshot.Group] {
    groups.filter { !$0.isRemoved }.sorted { $0.number < $1.number }.map { $0.snapshot(at: now) }
  }

  /// What follows from a change, outside the lock.
  struct Effects: Sendable {
    var wakeups: [Waiter] = []
    var released: [any Sendable] = []
    var timer: Instant?
  }

  mutating func takeEffects() -> Effects {
    var effects = Effects()
    if !wakeups.isEmpty { swap(&effects.wakeups, &wakeups) }
    if !released.isEmpty { swap(&effects.released, &released) }
    if wantsTimer, phase != .stopped {
      wantsTimer = false
      effects.timer = timerDue
    }
    return effects
  }

  /// Has something done at `due`.
  mutating func expect(_ due: Instant) {
    guard due < timerDue, phase != .stopped else { return }
    timerDue = due
    wantsTimer = true
  }
}
