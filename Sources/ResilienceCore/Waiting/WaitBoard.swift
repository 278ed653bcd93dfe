/// What is waiting now, by purpose: a simulator's answer to "why does nothing happen?".
package final class WaitBoard: Sendable {
  private let counts = Lock<[String: Int]>([:])

  package init() {}

  /// The purposes, sorted, with how many wait for each: `EventBus.run (2)`.
  package var entries: [String] {
    counts.withLock { counts in
      counts.keys.sorted().map { purpose in
        let count = counts[purpose] ?? 0
        return count > 1 ? "\(purpose) (\(count))" : purpose
      }
    }
  }

  func enter(_ purpose: String) {
    counts.withLock { $0[purpose, default: 0] += 1 }
  }

  func leave(_ purpose: String) {
    counts.withLock { counts in
      let count = counts[purpose, default: 1] - 1
      counts[purpose] = count == 0 ? nil : count
    }
  }
}
