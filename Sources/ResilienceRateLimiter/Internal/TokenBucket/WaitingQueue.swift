internal import ResilienceCore

/// The calls that wait for one bucket, first come first served.
///
/// Each waits for its turn; the first one has it, and waits for its permits. Nothing is taken in advance, so
/// a call that gives up has nothing to give back.
struct WaitingQueue: Sendable {
  struct Place: Sendable {
    let id: UInt64
    let permits: Int
    let deadline: Deadline
    /// Whether nobody was before it when it was taken.
    let isFront: Bool
    /// Granted when the place is the first in the queue, or is not in it any more.
    let turn: Waiter
  }

  private var places: [Place] = []
  private var lastID: UInt64 = 0
  private(set) var permits = 0
  /// What the first in the queue sleeps on.
  private var alarm: Waiter?

  var count: Int { places.count }

  mutating func append(permits: Int, deadline: Deadline) -> Place {
    lastID += 1
    let place = Place(
      id: lastID, permits: permits, deadline: deadline, isFront: places.isEmpty,
      turn: Waiter("TokenBucket.acquire"))
    places.append(place)
    self.permits += permits
    if place.isFront { place.turn.grant() }
    return place
  }

  func isFirst(_ place: Place) -> Bool { places.first?.id == place.id }

  /// What the first in the queue is to sleep on now.
  mutating func makeAlarm() -> Waiter {
    let alarm = Waiter("TokenBucket.acquire")
    self.alarm = alarm
    return alarm
  }

  /// Lets the first in the queue look again. Grant it after the lock is released.
  mutating func takeAlarm() -> Waiter? {
    defer { alarm = nil }
    return alarm
  }

  /// Takes a place out of the queue.
  ///
  /// - Returns: The one whose turn it is now, if that has changed. Grant it after the lock is released.
  mutating func remove(_ place: Place) -> Waiter? {
    guard let index = index(of: place) else { return nil }
    places.remove(at: index)
    permits -= place.permits
    guard index == 0 else { return nil }
    alarm = nil
    return places.first?.turn
  }

  private func index(of place: Place) -> Int? {
    var (low, high) = (0, places.count)
    while low < high {
      let middle = (low + high) / 2
      if places[middle].id < place.id { low = middle + 1 } else { high = middle }
    }
    return low < places.count && places[low].id == place.id ? low : nil
  }

  /// Takes those out of the queue whose turn comes too late, and lets the first one look again.
  ///
  /// - Parameter due: When so many permits can be taken after those that wait for others; `nil` for never.
  /// - Returns: Whom to wake. Grant them after the lock is released.
  mutating func retime(burst: Int, due: (_ permits: Int, _ waiting: Int) -> Instant?) -> [Waiter] {
    var woken = alarm.map { [$0] } ?? []
    alarm = nil
    permits = 0
    var stay: [Place] = []
    for place in places {
      if place.permits <= burst, let due = due(place.permits, permits), !place.deadline.hasPassed(at: due) {
        stay.append(place)
        permits += place.permits
      } else {
        woken.append(place.turn)
      }
    }
    places = stay
    if let first = places.first { woken.append(first.turn) }
    return woken
  }
}
