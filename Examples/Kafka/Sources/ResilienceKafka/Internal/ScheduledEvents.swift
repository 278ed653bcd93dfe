internal import Resilience

/// The events for later, the one that is due first on top. Pure.
///
/// To put one in, to remove it and to take it are O(log n). What is taken is being published, and stays here
/// until it is removed.
struct ScheduledEvents {
  struct Scheduled: Sendable {
    let key: String
    let event: EncodedEvent
    let due: UnixTime
  }

  private struct Place {
    let due: UnixTime
    let key: String

    func precedes(_ other: Place) -> Bool { (due, key) < (other.due, other.key) }
  }

  private var events: [String: Scheduled] = [:]
  private var taken: Set<String> = []
  /// A binary heap. Places of what is gone stay in it until they are on top, or are the half of it.
  private var heap: [Place] = []

  var count: Int { events.count }

  /// For tests: that what is gone leaves nothing for long.
  var places: Int { heap.count }

  /// When the first of those is due that are not taken.
  var earliest: UnixTime? { heap.first?.due }

  mutating func insert(_ event: EncodedEvent, _ key: String, due: UnixTime) {
    events[key] = Scheduled(key: key, event: event, due: due)
    guard !taken.contains(key) else { return }
    push(Place(due: due, key: key))
    dropStale()
  }

  mutating func remove(_ key: String) {
    guard events.removeValue(forKey: key) != nil else { return }
    taken.remove(key)
    dropStale()
  }

  /// Takes the first of what is due.
  mutating func takeDue(at now: UnixTime, most: Int) -> [Scheduled] {
    var due: [Scheduled] = []
    while due.count < most, let first = heap.first, first.due <= now {
      _ = pop()
      if let event = events[first.key] {
        taken.insert(first.key)
        due.append(event)
      }
      dropStale()
    }
    return due
  }

  /// It could not be published.
  mutating func giveBack(_ key: String) {
    guard taken.remove(key) != nil, let event = events[key] else { return }
    push(Place(due: event.due, key: key))
  }

  // MARK: - The heap

  private func isStale(_ place: Place) -> Bool {
    events[place.key]?.due != place.due || taken.contains(place.key)
  }

  private mutating func dropStale() {
    if heap.count > 2 * events.count + 64 {
      // What is sorted is a heap.
      heap = events.values.filter { !taken.contains($0.key) }.map { Place(due: $0.due, key: $0.key) }
        .sorted { $0.precedes($1) }
    }
    while let first = heap.first, isStale(first) { _ = pop() }
  }

  private mutating func push(_ place: Place) {
    heap.append(place)
    var child = heap.count - 1
    while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private mutating func pop() -> Place? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { return first }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(heap[parent]) else { return first }
      heap.swapAt(child, parent)
      parent = child
    }
  }
}
