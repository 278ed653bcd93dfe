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

    /// Tells this delivery from the others of its lane: whoever settles an earlier one is too late.
    let flight: UInt64

    /// Whether a delivery before this one reached the destination.
    let hasBeenMade: Bool

    /// Whether its outcome is the event's first: the one that deposits into a retry budget.
    var isFirstOutcome: Bool { !hasBeenMade && message.envelope.attempt <= 0 }
  }

  struct Entry {
    /// `nil` when it was taken out before its turn.
    var message: Message?
    let number: UInt64
    /// Its place in `arrivals`.
    let arrival: Int
    var attempt: Int
    var expiry: DueHeap<Place>.Handle?
  }

  /// Where an entry is.
  struct Place {
    let lane: Int
    let number: UInt64
  }

  enum Phase {
    case unused
    case ready
    case inFlight
    case waiting
    /// It is in `ready`, and has nothing to deliver any more.
    case emptied
  }

  struct Lane {
    var subject: String?
    var phase = Phase.unused
    var hasBeenMade = false
    var flight: UInt64 = 0
    /// Who makes the delivery.
    var carrier = 0
    /// Its place among what waits.
    var due: DueHeap<Int>.Handle?
    /// Its place in `flights`.
    var position = 0
    var leaseEnd: Instant?
    var entries = FIFO<Entry>()
    /// What the delivery under way has published, to be settled with it.
    var published: [EncodedEvent] = []
    /// Entries that were taken out before their turn.
    var gone = 0

    /// Begins a delivery of the head, as the `position`-th of those in flight.
    mutating func begin(
      _ lane: Int, flight: UInt64, at position: Int, by carrier: Int, leaseEnd: Instant?
    ) -> (Ticket, expiry: DueHeap<Place>.Handle?) {
      phase = .inFlight
      self.flight = flight
      self.carrier = carrier
      self.position = position
      self.leaseEnd = leaseEnd
      if !published.isEmpty { published = [] }
      entries.front.attempt += 1
      return (ticket(lane), entries.front.expiry)
    }

    func ticket(_ lane: Int) -> Ticket {
      let head = entries.front
      guard let message = head.message else { preconditionFailure("lane \(lane)'s head was taken out") }
      return Ticket(
        lane: lane, message: message, attempt: head.attempt, flight: flight, hasBeenMade: hasBeenMade)
    }
  }

  var lanes: [Lane] = []
  var unused: [Int] = []
  var laneOfSubject: [Identifier: Int] = [:]
  var ready = FIFO<Int>()
  var emptied = 0
  var waitingLanes = DueHeap<Int>()
  /// Lanes whose head is in flight.
  var flights: [Int] = []
  private var tokens: [Int: RetryBudget] = [:]
  private var nextNumber: UInt64 = 0
  private var nextFlight: UInt64

  /// Events with a deadline that no handler is at work on.
  var expiries = DueHeap<Place>()

  /// All events, in the order they came.
  var arrivals = ArrivalList<Place>()

  /// Events that are not settled.
  var count = 0
  var inFlight: Int { flights.count }

  /// Events that wait for redelivery; those behind them are counted as queued.
  var waiting: Int { waitingLanes.count }
  var queued: Int { count - inFlight - waiting }
  var readyLanes: Int { ready.count - emptied }

  /// When something has to be done: a redelivery, a lease's end, a deadline.
  var nextDue: Instant? {
    [waitingLanes.earliest, leaseEnd, expiries.earliest].compactMap { $0 }.min()
  }

  /// - Parameter firstFlight: Where deliveries are numbered from.
  init(firstFlight: UInt64 = 0) {
    nextFlight = firstFlight
  }

  /// As many are looked at as handlers run; once in a lease, when they are quick.
  private var leaseEnd: Instant? { flights.compactMap { lanes[$0].leaseEnd }.min() }

  // MARK: - In

  mutating func append(_ message: Message) {
    let lane = lane(for: message.envelope.partitionKey)
    // Whoever publishes an event again may have set its count to anything.
    let attempt = min(max(0, message.envelope.attempt), .max - 1)
    let place = Place(lane: lane, number: nextNumber)
    lanes[lane].entries.append(
      Entry(message: message, number: nextNumber, arrival: arrivals.append(place), attempt: attempt))
    nextNumber += 1
    count += 1
    switch lanes[lane].phase {
    case .unused: makeReady(lane)
    case .emptied:
      lanes[lane].phase = .ready
      emptied -= 1
    case .ready, .inFlight, .waiting: break
    }
    if !message.envelope.deadline.isNever { expect(place, until: message.envelope.deadline) }
  }

  // MARK: - Deliveries

  /// Begins the next delivery; `nil` when no lane is ready.
  ///
  /// - Parameters:
  ///   - carrier: Who makes it.
  ///   - leaseEnd: When it counts as lost.
  mutating func take(by carrier: Int = 0, leaseEnd: Instant? = nil) -> Ticket? {
    guard let lane = nextReadyLane() else { return nil }
    let (ticket, expiry) = lanes[lane].begin(
      lane, flight: nextFlight, at: flights.count, by: carrier, leaseEnd: leaseEnd)
    nextFlight += 1
    flights.append(lane)
    if let expiry { expiries.remove(expiry) }
    return ticket
  }

  /// Whether the delivery is still the one under way in its lane.
  func isCurrent(_ ticket: Ticket) -> Bool {
    isInFlight(lane: ticket.lane, flight: ticket.flight)
  }

  func isInFlight(lane: Int, flight: UInt64) -> Bool {
    lanes.indices.contains(lane) && lanes[lane].phase == .inFlight && lanes[lane].flight == flight
  }

  /// Has a delivery's lease end later; `false` when it has ended.
  mutating func extendLease(_ lane: Int, flight: UInt64, to end: Instant) -> Bool {
    guard isInFlight(lane: lane, flight: flight), lanes[lane].leaseEnd != nil else { return false }
    lanes[lane].leaseEnd = end
    return true
  }

  mutating func attach(_ events: [EncodedEvent], lane: Int, flight: UInt64) -> Bool {
    guard isInFlight(lane: lane, flight: flight) else { return false }
    lanes[lane].published += events
    return true
  }

  /// What the delivery under way has published.
  func published(by ticket: Ticket) -> [EncodedEvent] {
    isCurrent(ticket) ? lanes[ticket.lane].published : []
  }

  /// Takes deliveries whose lease has ended away from who makes them; each is to be settled anew.
  mutating func takeLost(at now: Instant) -> [(Ticket, carrier: Int)] {
    var lost: [(Ticket, carrier: Int)] = []
    for lane in flights {
      guard let end = lanes[lane].leaseEnd, end <= now else { continue }
      lanes[lane].leaseEnd = nil
      lost.append((takeAway(lane), lanes[lane].carrier))
    }
    return lost
  }

  /// Takes all deliveries away from who makes them.
  mutating func takeAwayAll() -> [Ticket] {
    flights.map { takeAway($0) }
  }

  private mutating func takeAway(_ lane: Int) -> Ticket {
    lanes[lane].flight = nextFlight
    nextFlight += 1
    return ticket(of: lane)
  }

  /// Removes the head of a lane: it is acknowledged, or a dead letter. The next one is ready.
  mutating func remove(_ lane: Int) {
    leaveFlight(lane)
    _ = takeToken(of: lane)
    removeHead(of: lane)
  }

  /// Holds a lane back until `due`.
  mutating func redeliver(_ lane: Int, at due: Instant, after load: DeliveryLoad = .made(token: nil)) {
    leaveFlight(lane)
    if case .made(let token) = load {
      lanes[lane].hasBeenMade = true
      if token != nil || !tokens.isEmpty { tokens[lane] = token }
    }
    lanes[lane].phase = .waiting
    lanes[lane].due = waitingLanes.insert(lane, due: due)
    expectHead(of: lane)
  }

  /// Puts the head of a lane back as if it had not been taken.
  mutating func giveBack(_ lane: Int) {
    leaveFlight(lane)
    lanes[lane].entries.front.attempt -= 1
    lanes[lane].phase = .ready
    ready.prepend(lane)
    expectHead(of: lane)
  }

  /// Makes ready what is due.
  mutating func releaseDue(at now: Instant) {
    while let lane = waitingLanes.popDue(at: now) {
      lanes[lane].due = nil
      makeReady(lane)
    }
  }

  // MARK: - Tokens

  /// The budget whose token the head's redelivery holds, for a redelivery that is not made.
  mutating func takeToken(of lane: Int) -> RetryBudget? {
    tokens.isEmpty ? nil : tokens.removeValue(forKey: lane)
  }

  /// ``takeToken(of:)`` of all that is not in flight.
  mutating func takeTokens() -> [RetryBudget] {
    tokens.isEmpty
      ? [] : lanes.indices.filter { lanes[$0].phase != .inFlight }.compactMap { takeToken(of: $0) }
  }
}
