internal import ResilienceCore

/// The records, leases and the recent history of a store in memory: a state machine.
struct StoreTable {
  private struct Key: Hashable {
    let service: Identifier
    let id: Identifier

    init(_ service: String, _ id: String) {
      self.service = Identifier(service)
      self.id = Identifier(id)
    }
  }

  private struct Term {
    let ttlNanoseconds: Int64
    var expiresAt: Instant
    /// The lease's entry of ``deadlines``.
    var watch: DueHeap<Int64>.Handle?
    var keys: Set<Key> = []
  }

  private struct Past {
    let service: Identifier
    let change: StoreChange
  }

  let historyLimit: Int
  private(set) var revision: UInt64 = 0
  private var records: [Identifier: [Identifier: StoreRecord]] = [:]
  private var terms: [Int64: Term] = [:]
  private var deadlines = DueHeap<Int64>()
  private var nextLease: Int64 = 1
  private var history: [Past] = []
  /// Changes up to this revision are forgotten.
  private var compacted: UInt64 = 0
  /// The services that have changed since ``takeChanged()``.
  private var changed: Set<Identifier> = []

  init(historyLimit: Int) {
    self.historyLimit = historyLimit
  }

  /// No lease ends before this instant.
  var earliestExpiry: Instant { deadlines.earliest ?? Deadline.never.instant }

  mutating func takeChanged() -> Set<Identifier> {
    defer { changed = [] }
    return changed
  }
}

// MARK: - Leases

extension StoreTable {
  /// Ends the leases whose instant has come. Every other function expects this one to be called first.
  mutating func expire(at now: Instant) {
    while let id = deadlines.popDue(at: now) {
      guard let term = terms[id] else { continue }
      if term.expiresAt <= now { revoke(id) } else { watch(id) }
    }
  }

  /// Sees to it that the lease is looked at when it ends.
  private mutating func watch(_ id: Int64) {
    guard let term = terms[id] else { return }
    terms[id]?.watch = deadlines.insert(id, due: term.expiresAt)
  }

  mutating func grant(ttl: Duration, at now: Instant) -> StoreLease {
    defer { nextLease += 1 }
    terms[nextLease] = Term(ttlNanoseconds: ttl.clampedNanoseconds, expiresAt: now.advanced(by: ttl))
    watch(nextLease)
    return StoreLease(id: nextLease, ttl: ttl)
  }

  mutating func keepAlive(_ id: Int64, at now: Instant) -> Bool {
    guard let term = terms[id] else { return false }
    terms[id]?.expiresAt = max(term.expiresAt, now.advanced(byNanoseconds: term.ttlNanoseconds))
    return true
  }

  mutating func revoke(_ id: Int64) {
    guard let term = terms.removeValue(forKey: id) else { return }
    if let watch = term.watch { deadlines.remove(watch) }
    for key in term.keys.sorted(by: { $0.id.text.isOrdered(before: $1.id.text) }) { erase(key) }
  }
}

// MARK: - Records

extension StoreTable {
  func list(_ service: String) -> StoreListing {
    let found = records[Identifier(service)]?.values.sorted {
      $0.instance.id.isOrdered(before: $1.instance.id)
    }
    return StoreListing(records: found ?? [], revision: revision)
  }

  mutating func write(_ record: StoreRecord, if condition: StoreCondition) -> StoreWrite {
    let key = Key(record.instance.service, record.instance.id)
    let present = records[key.service]?[key.id]
    guard holds(condition, for: present) else { return .conflict(present) }
    if let lease = record.leaseID, terms[lease] == nil { return .leaseEnded }
    if let lease = present?.leaseID { terms[lease]?.keys.remove(key) }
    if let lease = record.leaseID { terms[lease]?.keys.insert(key) }
    revision += 1
    var record = record
    record.revision = revision
    records[key.service, default: [:]][key.id] = record
    remember(.written(record), of: key.service)
    return .done(revision: revision)
  }

  mutating func remove(_ id: String, of service: String, if condition: StoreCondition) -> StoreWrite {
    let key = Key(service, id)
    let present = records[key.service]?[key.id]
    guard holds(condition, for: present) else { return .conflict(present) }
    guard let present else { return .done(revision: revision) }
    if let lease = present.leaseID { terms[lease]?.keys.remove(key) }
    erase(key)
    return .done(revision: revision)
  }

  private func holds(_ condition: StoreCondition, for present: StoreRecord?) -> Bool {
    switch condition {
    case .always: true
    case .absent: present == nil
    case .revision(let revision): present?.revision == revision
    }
  }

  private mutating func erase(_ key: Key) {
    revision += 1
    records[key.service]?[key.id] = nil
    if records[key.service]?.isEmpty == true { records[key.service] = nil }
    remember(.removed(id: key.id.text, revision: revision), of: key.service)
  }
}

// MARK: - History

extension StoreTable {
  /// The changes of a service after a revision; `nil` when some of them are forgotten.
  func changes(of service: String, after revision: UInt64) -> [StoreChange]? {
    guard revision >= compacted else { return nil }
    let service = Identifier(service)
    // Each revision is one change.
    return history.dropFirst(Int(min(revision - compacted, UInt64(history.count))))
      .filter { $0.service == service }.map(\.change)
  }

  private mutating func remember(_ change: StoreChange, of service: Identifier) {
    changed.insert(service)
    history.append(Past(service: service, change: change))
    // Half at once, so that it is not moved with every change.
    guard history.count > historyLimit else { return }
    let forgotten = history.count / 2 + 1
    compacted += UInt64(forgotten)
    history.removeFirst(forgotten)
  }
}
