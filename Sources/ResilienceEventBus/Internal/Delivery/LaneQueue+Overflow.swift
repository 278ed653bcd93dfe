internal import ResilienceCore

// What leaves before its turn: because nobody waits for it any more, or because it has to make room.

extension LaneQueue {
  /// Takes out what no handler is at work on and whose deadline has passed.
  ///
  /// - Returns: As deliveries so far, with the budget that gets its token back.
  mutating func takeExpired(at now: Instant) -> [(Ticket, unused: RetryBudget?)] {
    var expired: [(Ticket, unused: RetryBudget?)] = []
    while let place = expiries.popDue(at: now) {
      if let taken = takeOut(place) { expired.append(taken) }
    }
    return expired
  }

  /// Takes out the oldest event that no handler is at work on; `nil` when there is none.
  mutating func takeOldest() -> (Ticket, unused: RetryBudget?)? {
    dropSettledArrivals()
    // As many as handlers run.
    for offset in 0..<passed.count where isOutstanding(passed[offset]) && !isInFlight(passed[offset]) {
      return takeOut(passed[offset])
    }
    while !arrivals.isEmpty {
      let place = arrivals.front
      if isOutstanding(place) {
        if !isInFlight(place) { return takeOut(place) }
        passed.append(place)
      }
      _ = arrivals.popFirst()
    }
    return nil
  }

  /// The oldest event that is not settled.
  var oldest: Message? {
    guard let place = passed.isEmpty ? firstArrival : passed.front else { return nil }
    return entry(at: place).flatMap { lanes[place.lane].entries[$0].message }
  }

  /// Has a deadline noticed should nobody take the event before.
  mutating func expect(_ place: Place, until deadline: Deadline) {
    guard let offset = entry(at: place) else { return }
    lanes[place.lane].entries[offset].expiry = expiries.insert(place, due: deadline.instant)
  }

  mutating func expectHead(of lane: Int) {
    let head = lanes[lane].entries.front
    guard let deadline = head.message?.envelope.deadline, !deadline.isNever else { return }
    expect(Place(lane: lane, number: head.number), until: deadline)
  }

  /// Settled events at the front, each once; and those behind one that is not, half of them at a time.
  mutating func dropSettledArrivals() {
    while !passed.isEmpty, !isOutstanding(passed.front) { _ = passed.popFirst() }
    while !arrivals.isEmpty, !isOutstanding(arrivals.front) { _ = arrivals.popFirst() }
    if arrivals.count > 2 * count + 64 || passed.count > 2 * count + 64 { dropAllSettled() }
  }

  @inline(never)
  private mutating func dropAllSettled() {
    let current = self
    arrivals.removeAll { !current.isOutstanding($0) }
    passed.removeAll { !current.isOutstanding($0) }
  }

  private var firstArrival: Place? { arrivals.isEmpty ? nil : arrivals.front }

  private mutating func takeOut(_ place: Place) -> (Ticket, unused: RetryBudget?)? {
    let lane = place.lane
    guard !isInFlight(place), let offset = entry(at: place) else { return nil }
    let entry = lanes[lane].entries[offset]
    guard let message = entry.message else { return nil }
    if let expiry = entry.expiry { expiries.remove(expiry) }
    let hasBeenMade = offset == 0 && lanes[lane].hasBeenMade
    let ticket = Ticket(
      lane: lane, message: message, attempt: entry.attempt, flight: .max, hasBeenMade: hasBeenMade)
    guard offset == 0 else {
      lanes[lane].entries[offset].message = nil
      count -= 1
      dropGone(of: lane)
      dropSettledArrivals()
      return (ticket, nil)
    }
    let token = takeToken(of: lane)
    if lanes[lane].phase == .waiting { stopWaiting(lane) }
    removeHead(of: lane)
    return (ticket, token)
  }

  /// What was taken out behind a head that stays: half of the lane at a time.
  private mutating func dropGone(of lane: Int) {
    lanes[lane].gone += 1
    guard 2 * lanes[lane].gone > lanes[lane].entries.count + 64 else { return }
    lanes[lane].entries.removeAll { $0.message == nil }
    lanes[lane].gone = 0
  }

  private func isOutstanding(_ place: Place) -> Bool {
    entry(at: place).map { lanes[place.lane].entries[$0].message != nil } ?? false
  }

  private func isInFlight(_ place: Place) -> Bool {
    lanes[place.lane].phase == .inFlight && lanes[place.lane].entries.front.number == place.number
  }

  /// How far an entry is behind its lane's head; `nil` when it is not there any more. Their numbers grow.
  private func entry(at place: Place) -> Int? {
    let entries = lanes[place.lane].entries
    guard !entries.isEmpty, entries.front.number <= place.number else { return nil }
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].number < place.number { low = middle + 1 } else { high = middle }
    }
    return low < entries.count && entries[low].number == place.number ? low : nil
  }
}
