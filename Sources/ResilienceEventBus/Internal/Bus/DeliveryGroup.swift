internal import ResilienceCore

/// One group of one event type: its events, who handles them, and its counts.
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
  let type: String
  let name: String
  var queue = LaneQueue()
  var members: [Member] = []

  /// Whether it has had a responder: what it is given up on nobody else will answer.
  var answersRequests = false

  /// Workers with nothing to do, the one that has rested longest first, so that consumers take turns.
  var parked = FIFO<Parked>()

  /// Workers that were started or woken and have not come for a delivery yet.
  var arriving = 0

  /// Workers in all, those of cancelled subscriptions included.
  var workers = 0

  var isRemoved = false
  var enqueued = 0
  var delivered = 0
  var deadLettered = 0
  var redeliveries = 0

  func isMember(_ consumer: Int) -> Bool {
    members.contains { $0.worker.consumer == consumer }
  }

  /// One more worker for the consumer with the fewest; `nil` when each has as many as it may.
  mutating func takeWorker() -> EventBusState.Worker? {
    var fewest: Int?
    for index in members.indices where members[index].workers < members[index].worker.policy.parallelism {
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

  var snapshot: EventBusSnapshot.Group {
    EventBusSnapshot.Group(
      type: type, name: name, enqueued: enqueued, delivered: delivered, deadLettered: deadLettered,
      redeliveries: redeliveries, queued: queue.queued, inFlight: queue.inFlight, waiting: queue.waiting,
      subscriptions: members.count)
  }
}
