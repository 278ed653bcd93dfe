@testable import ResilienceBulkhead

/// The same rules, written down once more in the plainest way: a sorted list.
struct ReferenceBulkhead {
  struct Waiting {
    let id: UInt64
    let claim: BulkheadClaim
  }

  var limit: Int
  let maxWaiting: Int
  let order: BulkheadOrder
  private(set) var inUse = 0
  private(set) var queue: [Waiting] = []

  init(limit: Int, maxWaiting: Int, order: BulkheadOrder) {
    self.limit = limit
    self.maxWaiting = maxWaiting
    self.order = order
  }

  private func hasRoom(_ weight: Int) -> Bool { inUse + weight <= limit || inUse == 0 }

  mutating func tryEnter(_ weight: Int) -> Bool {
    guard queue.isEmpty, hasRoom(weight) else { return false }
    inUse += weight
    return true
  }

  /// Puts it where it belongs; whoever is one too many, which may be itself, is the answer.
  mutating func enqueue(_ id: UInt64, _ claim: BulkheadClaim) -> UInt64? {
    let position = queue.firstIndex {
      order == .fifo ? $0.claim.priority < claim.priority : $0.claim.priority <= claim.priority
    }
    queue.insert(Waiting(id: id, claim: claim), at: position ?? queue.count)
    return queue.count > maxWaiting ? queue.removeLast().id : nil
  }

  mutating func leave(_ weight: Int) { inUse -= weight }

  mutating func abandon(_ id: UInt64) { queue.removeAll { $0.id == id } }

  mutating func next() -> UInt64? {
    guard let first = queue.first, hasRoom(first.claim.weight) else { return nil }
    inUse += first.claim.weight
    return queue.removeFirst().id
  }
}
