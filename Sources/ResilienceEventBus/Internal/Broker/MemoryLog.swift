internal import ResilienceCore

/// A broker's log in memory. What only tells a later process what happened is not kept.
final class MemoryLog: BrokerLog {
  private struct State {
    var items = FIFO<BrokerLogPage.Item>()
    var letters: [Int64: BrokerRecord.Letter] = [:]
    var scheduled: [Int64: BrokerRecord.StoredEvent] = [:]
    var end: Int64 = 0
  }

  let capacity: Int
  private let state = Lock(State())

  init(capacity: Int) {
    self.capacity = capacity
  }

  var firstOffset: Int64 { state.withLock { $0.items.isEmpty ? $0.end : $0.items.front.offset } }
  var endOffset: Int64 { state.withLock { $0.end } }

  func append(_ records: [BrokerRecord]) async throws -> Range<Int64> {
    state.withLock { state in
      let first = state.end
      for record in records {
        switch record {
        case .event(let stored) where stored.due != nil: state.scheduled[state.end] = stored
        case .event: state.items.append(BrokerLogPage.Item(offset: state.end, record: record))
        case .letter(let letter): state.letters[state.end] = letter
        case .letterRemoved(let number): state.letters[number] = nil
        case .released(let offset): state.scheduled[offset] = nil
        default: break
        }
        state.end += 1
      }
      return first..<state.end
    }
  }

  func hasRoom(for events: Int) -> Bool {
    state.withLock { $0.items.count + $0.letters.count + $0.scheduled.count + events <= capacity }
  }

  func read(from offset: Int64) async throws -> BrokerLogPage {
    state.withLock { state in
      var (low, high) = (0, state.items.count)
      while low < high {
        let middle = (low + high) / 2
        if state.items[middle].offset < offset { low = middle + 1 } else { high = middle }
      }
      let end = min(state.items.count, low + 64)
      let items = (low..<end).map { state.items[$0] }
      return BrokerLogPage(items: items, next: end < state.items.count ? state.items[end].offset : state.end)
    }
  }

  var keepsLetters: Bool { true }

  func letter(at offset: Int64) async throws -> BrokerRecord.Letter? {
    state.withLock { $0.letters[offset] }
  }

  func scheduled(at offset: Int64) async throws -> BrokerRecord.StoredEvent? {
    state.withLock { $0.scheduled[offset] }
  }

  func save(_ checkpoint: BrokerCheckpoint) async throws {}

  func discard(before offset: Int64) async throws {
    // A few at a time, and let go outside the lock.
    while true {
      let removed: [BrokerLogPage.Item] = state.withLock { state in
        var removed: [BrokerLogPage.Item] = []
        while removed.count < 64, !state.items.isEmpty, state.items.front.offset < offset {
          if let item = state.items.popFirst() { removed.append(item) }
        }
        return removed
      }
      if removed.isEmpty { return }
    }
  }
}
