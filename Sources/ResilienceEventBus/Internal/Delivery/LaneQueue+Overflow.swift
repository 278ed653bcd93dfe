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
    // What is in flight is passed over: as many as handlers run.
    arrivals.first { !isInFlight($0) }.flatMap { takeOut($0) }
  }

  /// Takes out what `isWanted` and no handler is at work on, in the order it came, as deliveries so far.
  mutating func takeOut(where isWanted: (Message) -> Bool) -> [Ticket] {
    arrivals.all.compactMap { place in
      guard let offset = entry(at: place), let message = lanes[place.lane].entries[offset].message,
        isWanted(message)
      else { return nil }
      return takeOut(place)?.0
    }
  }

  /// The oldest event that is not settled.
  var oldest: Message? {
    guard let place = arrivals.first else { return nil }
    return entry(at: place).flatMap { lanes[place.lane].entries[$0].message }
  }

  /// An entry is not outstanding any more.
  mutating func forget(_ entry: Entry) {
    count -= 1
    arrivals.remove(entry.arrival)
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
      forget(entry)
      dropGone(of: lane)
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
