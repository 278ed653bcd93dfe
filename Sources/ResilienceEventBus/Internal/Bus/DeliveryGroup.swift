internal import ResilienceCore

/// One group: its events, who handles them, and its counts.
struct DeliveryGroup {
  struct Member {
    let worker: EventBusState.Worker
    var workers = 0
  }

  struct Parked {
    let waiter: Waiter
    let consumer: Int
  }

  /// Groups are numbered in the order of their first subscription.
  let number: Int
  let filter: EventFilter
  let name: String
  /// What the calls of its handlers are known by; see `CallFlags.deliveryGroup`.
  let mark = DeliveryMark()
  var settings: GroupSettings
  var queue: LaneQueue
  var members: [Member] = []

  /// Whether it has had a responder: what it is given up on nobody else will answer.
  var answersRequests = false

  /// Where its events come from; `nil` for memory.
  let link: BrokerLink?

  /// Requests that its own handlers wait for it to answer.
  var requestsOfItsOwn = 0

  /// Workers with nothing to do, the one that has rested longest first, so that consumers take turns.
  var parked = FIFO<Parked>()

  /// Publishers that wait for room.
  var publishers = WaitingQueue("EventBus.publish")

  /// Workers that were started or woken and have not come for a delivery yet.
  var arriving = 0

  /// Workers in all, those of cancelled subscriptions included.
  var workers = 0

  var isRemoved = false
  var enqueued = 0
  var delivered = 0
  var deadLettered = 0
  var redeliveries = 0
  var dropped = 0
  var leasesEnded = 0

  init(number: Int, filter: EventFilter, name: String, settings: GroupSettings, link: BrokerLink?) {
    self.number = number
    self.filter = filter
    self.name = name
    self.settings = settings
    self.link = link
    // No delivery of another group that had this one's place is taken for one of this.
    queue = LaneQueue(firstFlight: UInt64(number) << 36)
  }

  /// Whether a consumer still is one, and has no more workers than it may. Apart from the group, which would
  /// be copied for it.
  static func mayWork(_ consumer: Int, among members: [Member], _ settings: GroupSettings) -> Bool {
    members.contains { $0.worker.consumer == consumer && $0.workers <= settings.policy.parallelism }
  }

  /// How many of its handlers run at most.
  var places: Int {
    members.count.multipliedReportingOverflow(by: settings.policy.parallelism).overflow
      ? .max : members.count * settings.policy.parallelism
  }

  /// A group that everybody has left holds nobody up.
  var overflow: Overflow {
    switch settings.policy.overflow {
    case .refuse, .wait: members.isEmpty ? .deadLetterOldest : settings.policy.overflow
    case .dropOldest, .deadLetterOldest: settings.policy.overflow
    }
  }

  /// One more worker for the consumer with the fewest; `nil` when each has as many as it may.
  mutating func takeWorker() -> EventBusState.Worker? {
    var fewest: Int?
    for index in members.indices where members[index].workers < settings.policy.parallelism {
      if fewest.map({ members[index].workers < members[$0].workers }) ?? true { fewest = index }
    }
    guard let fewest else { return nil }
    members[fewest].workers += 1
    workers += 1
    return members[fewest].worker
  }

  mutating func leave(_ consumer: Int) {
    workers -= 1
    if let index = members.firstIndex(where: { $0.worker.consumer == consumer }) {
      members[index].workers -= 1
    }
  }

  mutating func removeWorkers() {
    parked = FIFO()
    arriving = 0
    workers = 0
    for index in members.indices { members[index].workers = 0 }
  }

  func snapshot(at now: UnixTime) -> EventBusSnapshot.Group {
    EventBusSnapshot.Group(
      filter: filter, name: name, enqueued: enqueued, delivered: delivered, deadLettered: deadLettered,
      dropped: dropped, redeliveries: redeliveries, leasesEnded: leasesEnded, queued: queue.queued,
      inFlight: queue.inFlight, waiting: queue.waiting, subscriptions: members.count,
      oldestAge: queue.oldest.map {
        .nanoseconds(max(0, now.nanoseconds.subtractingSaturating($0.envelope.time.nanoseconds)))
      }, brokerError: link?.lastError)
  }
}

/// How a group's events are delivered.
final class GroupSettings: Sendable {
  let policy: DeliveryPolicy
  let budget: RetryBudget?
  let leaseNanoseconds: Int64?

  init(policy: DeliveryPolicy, budget: RetryBudget?) {
    self.policy = policy
    self.budget = budget
    leaseNanoseconds = policy.lease?.clampedNanoseconds
  }
}
