internal import ResilienceCore

/// An append-only list that tasks may share: what a test wants to remember, in order.
package final class Log<Entry: Sendable>: Sendable {
  private let storage = Lock<[Entry]>([])

  package init() {}

  package var entries: [Entry] { storage.withLock { $0 } }

  package func append(_ entry: Entry) {
    storage.withLock { $0.append(entry) }
  }
}
