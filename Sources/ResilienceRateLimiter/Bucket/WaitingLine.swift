internal import ResilienceCore

/// The calls that wait for one bucket, first come first served.
struct WaitingLine: Sendable {
  struct Place: Sendable {
    let id: UInt64
    let permits: Int
    /// Granted when the place is the first in the line.
    let turn: Waiter
  }

  private var places: [Place] = []
  private var nextID: UInt64 = 0
  private(set) var permits = 0

  var count: Int { places.count }

  mutating func append(permits: Int) -> Place {
    nextID += 1
    let place = Place(id: nextID, permits: permits, turn: Waiter("TokenBucket.acquire"))
    places.append(place)
    self.permits += permits
    if places.count == 1 { place.turn.grant() }
    return place
  }

  /// Takes a place out of the line.
  ///
  /// - Returns: The one whose turn it is now, if that has changed. Grant it after the lock is released.
  mutating func remove(_ place: Place) -> Waiter? {
    guard let index = places.firstIndex(where: { $0.id == place.id }) else { return nil }
    places.remove(at: index)
    permits -= place.permits
    return index == 0 ? places.first?.turn : nil
  }
}
