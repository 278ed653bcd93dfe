internal import ResilienceCore

/// The events of one group: a lane for each subject, and for each event without one.
///
/// Pure. The head of a lane is delivered and stays there until it is settled, so nothing overtakes it: not
/// while it is in flight, not while it waits for redelivery. Lanes take turns in the order in which they
/// became ready. The dictionary is only ever looked up, so that the order of deliveries does not depend on
/// hashing.
struct LaneQueue {
  struct Ticket: Sendable {
    let lane: Int
    let message: Message
    let attempt: Int

    /// Whether a delivery before this one reached the destination.
    let hasBeenMade: Bool

    /// Whether its outcome is the event's first: the one that deposits into a retry budget.
    var isFirstOutcome: Bool { !hasBeenMade && message.envelope.attempt <= 0 }
  }

  private struct Entry {
    let message: Message
    let number: UInt64
    var attempt: Int
  }

  private enum Phase {
    case unused
    case ready
    case inFlight
    case waiting
  }

  private struct Lane {
    var subject: String?
    var phase = Phase.unused
    var hasBeenMade = false
    var entries = FIFO<Entry>()
  }

  private var lanes: [Lane] = []
  private var unused: [Int] = []
  private var laneOfSubject: [Identifier: Int] = [:]
  private var ready = FIFO<Int>()
  private var waitingLanes = DueHeap<Int>()
  private var tokens: [Int: RetryBudget] = [:]
  private var nextNumber: UInt64 = 0

  /// Events that are not settled.
  private(set) var count = 0
  private(set) var inFlight = 0

  /// Events that wait for redelivery; those behind them are counted as queued.
  var waiting: Int { waitingLanes.count }
  var queued: Int { count - inFlight - waiting }
  var readyLanes: Int { ready.count }
  var nextDue: Instant? { waitingLanes.earliest }

  mutating func append(_ message: Message) {
    let lane = lane(for: message.envelope.partitionKey)
    // Whoever publishes an event again may have set its count to anything.
    let attempt = min(max(0, message.envelope.attempt), .max - 1)
    lanes[lane].entries.append(Entry(message: message, number: nextNumber, attempt: attempt))
    nextNumber += 1
    count += 1
    if lanes[lane].phase == .unused { makeReady(lane) }
  }

  /// Begins the next delivery; `nil` when no lane is ready.
  mutating func take() -> Ticket? {
    guard let lane = ready.popFirst() else { return nil }
    lanes[lane].phase = .inFlight
    lanes[lane].entries.front.attempt += 1
    inFlight += 1
    let head = lanes[lane].entries.front
    return Ticket(
      lane: lane, message: head.message, attempt: head.attempt, hasBeenMade: lanes[lane].hasBeenMade)
  }

  /// Removes the head of a lane: it is acknowledged, or a dead letter. The next one is ready.
  mutating func remove(_ lane: Int) {
    leaveFlight(lane)
    _ = takeToken(of: lane)
    lanes[lane].hasBeenMade = false
    _ = lanes[lane].entries.popFirst()
    count -= 1
    if lanes[lane].entries.isEmpty {
      retire(lane)
    } else {
      makeReady(lane)
    }
  }

  /// Holds a lane back until `due`.
  mutating func redeliver(_ lane: Int, at due: Instant, after load: DeliveryLoad = .made(token: nil)) {
    leaveFlight(lane)
    if case .made(let token) = load {
      lanes[lane].hasBeenMade = true
      if token != nil || !tokens.isEmpty { tokens[lane] = token }
    }
    lanes[lane].phase = .waiting
    waitingLanes.insert(lane, due: due)
  }

  /// Puts the head of a lane back as if it had not been taken.
  mutating func giveBack(_ lane: Int) {
    leaveFlight(lane)
    lanes[lane].entries.front.attempt -= 1
    lanes[lane].phase = .ready
    ready.prepend(lane)
  }

  /// Makes ready what is due.
  mutating func releaseDue(at now: Instant) {
    while let lane = waitingLanes.popDue(at: now) { makeReady(lane) }
  }

  /// The budget whose token the head's redelivery holds, for a redelivery that is not made.
  mutating func takeToken(of lane: Int) -> RetryBudget? {
    tokens.isEmpty ? nil : tokens.removeValue(forKey: lane)
  }

  /// ``takeToken(of:)`` of all that is not in flight.
  mutating func takeTokens() -> [RetryBudget] {
    tokens.isEmpty
      ? [] : lanes.indices.filter { lanes[$0].phase != .inFlight }.compactMap { takeToken(of: $0) }
  }

  /// Removes all events but those in flight; take their tokens first.
  ///
  /// - Returns: What was removed, as deliveries so far, in the order it came.
  mutating func removeAll() -> [Ticket] {
    var removed: [(lane: Int, entry: Entry)] = []
    for lane in lanes.indices where lanes[lane].phase != .unused {
      var entries = lanes[lane].entries.elements
      lanes[lane].entries = FIFO()
      if lanes[lane].phase == .inFlight {
        lanes[lane].entries.append(entries.removeFirst())
      } else {
        retire(lane)
      }
      removed += entries.map { (lane, $0) }
    }
    ready = FIFO()
    waitingLanes = DueHeap()
    count = inFlight
    return removed.sorted { $0.entry.number < $1.entry.number }.map {
      Ticket(lane: $0.lane, message: $0.entry.message, attempt: $0.entry.attempt, hasBeenMade: false)
    }
  }

  private mutating func lane(for subject: String?) -> Int {
    if let subject, let lane = laneOfSubject[Identifier(subject)] { return lane }
    let lane = unused.popLast() ?? lanes.count
    if lane == lanes.count { lanes.append(Lane()) }
    lanes[lane].subject = subject
    if let subject { laneOfSubject[Identifier(subject)] = lane }
    return lane
  }

  private mutating func makeReady(_ lane: Int) {
    lanes[lane].phase = .ready
    ready.append(lane)
  }

  private mutating func leaveFlight(_ lane: Int) {
    precondition(lanes[lane].phase == .inFlight, "lane \(lane) is not in flight but \(lanes[lane].phase)")
    inFlight -= 1
  }

  private mutating func retire(_ lane: Int) {
    if let subject = lanes[lane].subject { laneOfSubject[Identifier(subject)] = nil }
    lanes[lane].subject = nil
    lanes[lane].hasBeenMade = false
    lanes[lane].phase = .unused
    unused.append(lane)
  }
}
