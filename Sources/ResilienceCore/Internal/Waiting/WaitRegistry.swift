/// What is waiting now, by purpose: a simulator's answer to "why does nothing happen?".
package final class WaitRegistry: Sendable {
  // Few purposes, and asked twice for each wait: searched by the address of the text, which is no slower than
  // a hash.
  private let purposes = Lock<[(purpose: StaticString, count: Int)]>([])

  package init() {}

  /// The purposes, sorted, with how many wait for each: `EventBus.run (2)`.
  package var entries: [String] {
    let counts = purposes.withLock { purposes in
      Dictionary(purposes.map { ("\($0.purpose)", $0.count) }, uniquingKeysWith: +)
    }
    return counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { purpose, count in
      count > 1 ? "\(purpose) (\(count))" : purpose
    }
  }

  func enter(_ purpose: StaticString) {
    count(purpose, 1)
  }

  func leave(_ purpose: StaticString) {
    count(purpose, -1)
  }

  private func count(_ purpose: StaticString, _ change: Int) {
    purposes.withLock { purposes in
      for index in purposes.indices where purposes[index].purpose.utf8Start == purpose.utf8Start {
        purposes[index].count += change
        return
      }
      purposes.append((purpose, change))
    }
  }
}
