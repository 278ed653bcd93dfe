internal import ResilienceCore

// The lanes: which are ready, and what becomes of one whose head has left.

extension LaneQueue {
  /// The head of a lane is settled or taken out; what comes behind it is ready.
  mutating func removeHead(of lane: Int) {
    lanes[lane].hasBeenMade = false
    if let head = lanes[lane].entries.popFirst() { forget(head) }
    while !lanes[lane].entries.isEmpty, lanes[lane].entries.front.message == nil {
      _ = lanes[lane].entries.popFirst()
      lanes[lane].gone -= 1
    }
    let isEmpty = lanes[lane].entries.isEmpty
    if lanes[lane].phase != .ready {
      if isEmpty { retire(lane) } else { makeReady(lane) }
    } else if isEmpty {
      lanes[lane].phase = .emptied
      emptied += 1
      if 2 * emptied > ready.count + 64 { retireEmptied() }
    }
  }

  /// Nobody may come for a delivery, who would do it.
  @inline(never)
  mutating func retireEmptied() {
    for lane in ready.elements where lanes[lane].phase == .emptied { retire(lane) }
    let lanes = lanes
    ready.removeAll { lanes[$0].phase == .unused }
    emptied = 0
  }

  /// Ends a head's wait for redelivery.
  mutating func stopWaiting(_ lane: Int) {
    if let due = lanes[lane].due.take() { waitingLanes.remove(due) }
  }

  /// Removes all events but those in flight; take their tokens first.
  ///
  /// - Returns: What was removed, as deliveries so far, in the order it came.
  mutating func removeAll() -> [Ticket] {
    var removed: [(lane: Int, entry: Entry)] = []
    for lane in lanes.indices where lanes[lane].phase != .unused && lanes[lane].phase != .emptied {
      var entries = lanes[lane].entries.elements
      lanes[lane].entries = FIFO()
      lanes[lane].gone = 0
      if lanes[lane].phase == .inFlight {
        lanes[lane].entries.append(entries.removeFirst())
      } else {
        lanes[lane].due = nil
        retire(lane)
      }
      removed += entries.map { (lane, $0) }
    }
    for (_, entry) in removed where entry.message != nil { forget(entry) }
    for lane in lanes.indices where lanes[lane].phase == .emptied { retire(lane) }
    ready = FIFO()
    emptied = 0
    waitingLanes = DueHeap()
    expiries = DueHeap()
    return removed.sorted { $0.entry.number < $1.entry.number }.compactMap { lane, entry in
      entry.message.map {
        Ticket(lane: lane, message: $0, attempt: entry.attempt, flight: .max, hasBeenMade: false)
      }
    }
  }

  func ticket(of lane: Int) -> Ticket { lanes[lane].ticket(lane) }

  mutating func nextReadyLane() -> Int? {
    while let lane = ready.popFirst() {
      if lanes[lane].phase == .ready { return lane }
      emptied -= 1
      retire(lane)
    }
    return nil
  }

  mutating func lane(for subject: String?) -> Int {
    if let subject, let lane = laneOfSubject[Identifier(subject)] { return lane }
    let lane = unused.popLast() ?? lanes.count
    if lane == lanes.count { lanes.append(Lane()) }
    lanes[lane].subject = subject
    if let subject { laneOfSubject[Identifier(subject)] = lane }
    return lane
  }

  mutating func makeReady(_ lane: Int) {
    lanes[lane].phase = .ready
    ready.append(lane)
  }

  mutating func leaveFlight(_ lane: Int) {
    precondition(lanes[lane].phase == .inFlight, "lane \(lane) is not in flight but \(lanes[lane].phase)")
    let (position, last) = (lanes[lane].position, flights.removeLast())
    if last != lane {
      flights[position] = last
      lanes[last].position = position
    }
  }

  mutating func retire(_ lane: Int) {
    if let subject = lanes[lane].subject { laneOfSubject[Identifier(subject)] = nil }
    lanes[lane].subject = nil
    lanes[lane].hasBeenMade = false
    lanes[lane].phase = .unused
    unused.append(lane)
  }
}
