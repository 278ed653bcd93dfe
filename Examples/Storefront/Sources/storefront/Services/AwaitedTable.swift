import Resilience

/// Since when something is awaited of an order, and how often it was published again. Pure.
struct AwaitedTable: Sendable {
  private struct Entry {
    /// When it was seen first, or was published again: by this process's own clock, which nobody sets.
    var since: Instant
    var repeats = 0
  }

  /// So many at one time.
  static let limit = 100

  /// How long is not too long.
  let patience: Duration
  private var entries: [String: Entry] = [:]

  init(patience: Duration) { self.patience = patience }

  /// Those whose time is up, of those that something is awaited of; others are forgotten.
  ///
  /// Twice as long each time, up to 32 times: a service that is away for long has its events when it is back.
  mutating func due(of awaited: Set<String>, at now: Instant) -> [String] {
    entries = entries.filter { awaited.contains($0.key) }
    let due = entries.filter { _, entry in
      entry.since.duration(to: now) >= patience * (1 << min(entry.repeats, 5))
    }
    for id in awaited where entries[id] == nil { entries[id] = Entry(since: now) }
    return Array(due.keys.sorted().prefix(Self.limit))
  }

  mutating func notePublished(_ ids: [String], at now: Instant) {
    for id in ids { entries[id] = Entry(since: now, repeats: (entries[id]?.repeats ?? 0) + 1) }
  }
}
