internal import ResilienceCore

/// Who is inside, who waits, and whose turn it is.
///
/// Whoever is first in the queue goes in as soon as there is room, and nobody goes in past him: a heavy call
/// that waits for its room is not overtaken by light ones, however many there are. One that is heavier than
/// the limit, which may have shrunk since it came, goes in when nothing else is inside.
struct BulkheadStateMachine: Sendable {
  enum Arrival: Sendable {
    /// It waits; whoever had the last place in a full queue has lost it.
    case waiting(WaitingQueue.Place, displaced: WaitingQueue.Place?)
    case turnedAway
  }

  var inUse = 0
  var limit: Int
  var maxWaiting: Int
  private var queue: WaitingQueue

  init(limit: Int, maxWaiting: Int, order: BulkheadOrder) {
    self.limit = limit
    self.maxWaiting = maxWaiting
    queue = WaitingQueue("Bulkhead.enter", order == .fifo ? .oldestFirst : .newestFirst)
  }

  var waiting: Int { queue.count }

  /// Which of those that wait goes in first; those that wait already are no exception.
  var order: BulkheadOrder {
    get { queue.order == .oldestFirst ? .fifo : .lifo }
    set { queue.order = newValue == .fifo ? .oldestFirst : .newestFirst }
  }

  /// Lets a call in if there is room and nobody waits.
  mutating func tryEnter(_ weight: Int) -> Bool {
    guard queue.isEmpty, hasRoom(weight) else { return false }
    inUse += weight
    return true
  }

  /// Gives a call that ``tryEnter(_:)`` did not let in a place in the queue.
  mutating func enqueue(_ claim: BulkheadClaim, until deadline: Deadline = .never) -> Arrival {
    precondition(
      !queue.isEmpty || !hasRoom(claim.weight),
      "a call of weight \(claim.weight) is to wait where \(inUse) of \(limit) are inside and nobody waits")
    var displaced: WaitingQueue.Place?
    if queue.count >= maxWaiting {
      guard queue.wouldPassLast(claim.priority), let last = queue.last else { return .turnedAway }
      queue.remove(last)
      displaced = last
    }
    return .waiting(
      queue.insert(claim.weight, priority: claim.priority, until: deadline), displaced: displaced)
  }

  /// A call that was inside has left.
  mutating func leave(_ weight: Int) {
    inUse -= weight
    precondition(inUse >= 0, "a bulkhead has \(inUse) inside: something left twice")
  }

  /// Takes a place out of the queue; `false` when its turn has come, or it was displaced.
  mutating func abandon(_ place: WaitingQueue.Place) -> Bool {
    queue.remove(place)
  }

  /// Lets in whoever is first in the queue, if there is room for him. Ask again until it is `nil`.
  @inline(__always)
  mutating func next() -> WaitingQueue.Place? {
    guard !queue.isEmpty, let first = queue.first, hasRoom(first.amount) else { return nil }
    queue.remove(first)
    inUse += first.amount
    return first
  }

  private func hasRoom(_ weight: Int) -> Bool { inUse + weight <= limit || inUse == 0 }
}
