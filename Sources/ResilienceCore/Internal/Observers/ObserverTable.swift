/// Which observer a handle names: places that are given out again and again, each time under another number.
///
/// A handle is the place and how often the place was given out, 16 bits each. A place whose numbers are used
/// up is given out again only when all others are taken or used up too, beginning with the one that has been
/// so for the longest time: a handle means somebody else after more than four thousand million registrations.
struct ObserverTable {
  private struct Place {
    var observer: (any CallObserver)?
    var generation: UInt16 = 0
  }

  private let maximumPlaces: Int
  private let lastGeneration: UInt16
  private var places: [Place] = []
  private var free: [UInt16] = []
  /// In the order in which they were used up, from `oldestSpent` on.
  private var spent: [UInt16] = []
  private var oldestSpent = 0

  /// - Parameters:
  ///   - maximumPlaces: 1 to 65 536.
  ///   - lastGeneration: How often a place is given out in a row, 1 or more.
  init(maximumPlaces: Int = 1 << 16, lastGeneration: UInt16 = .max) {
    self.maximumPlaces = maximumPlaces
    self.lastGeneration = lastGeneration
  }

  /// - Returns: ``ObserverHandle/none`` when all places are taken.
  mutating func register(_ observer: any CallObserver) -> ObserverHandle {
    guard let place = takePlace() else { return .none }
    // From 1, so that no handle is 0.
    let generation = places[place].generation
    places[place].generation = generation == lastGeneration ? 1 : generation + 1
    places[place].observer = observer
    return ObserverHandle(rawValue: UInt32(places[place].generation) << 16 | UInt32(place))
  }

  /// - Returns: The observer, to be let go outside the owner's lock; `nil` when the handle names none.
  mutating func unregister(_ handle: ObserverHandle) -> (any CallObserver)? {
    guard let observer = self[handle] else { return nil }
    places[handle.place].observer = nil
    if handle.generation == lastGeneration {
      spent.append(UInt16(handle.place))
    } else {
      free.append(UInt16(handle.place))
    }
    return observer
  }

  subscript(handle: ObserverHandle) -> (any CallObserver)? {
    guard handle.place < places.count, places[handle.place].generation == handle.generation else {
      return nil
    }
    return places[handle.place].observer
  }

  private mutating func takePlace() -> Int? {
    if let place = free.popLast() { return Int(place) }
    if places.count < maximumPlaces {
      places.append(Place())
      return places.count - 1
    }
    guard oldestSpent < spent.count else { return nil }
    defer {
      oldestSpent += 1
      if oldestSpent == maximumPlaces {
        spent.removeFirst(oldestSpent)
        oldestSpent = 0
      }
    }
    return Int(spent[oldestSpent])
  }
}

extension ObserverHandle {
  fileprivate var place: Int { Int(rawValue & 0xFFFF) }
  fileprivate var generation: UInt16 { UInt16(rawValue >> 16) }
}
