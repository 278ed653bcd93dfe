internal import ResilienceCore

/// What a follower knows of a service in a store, and what a listing or changes mean beside it: a state
/// machine.
struct StoreView {
  /// What is to be done in the registry.
  struct Steps: Sendable, Equatable {
    /// Registrations that are new or different.
    var written: [StoreRecord] = []
    /// Ids that have said farewell.
    var left: [String] = []
    /// Ids that have vanished without one.
    var lapsed: [String] = []
  }

  private var known: [Identifier: StoreRecord] = [:]

  mutating func take(_ listing: StoreListing) -> Steps {
    var steps = Steps()
    var listed: Set<Identifier> = []
    for record in listing.records {
      listed.insert(Identifier(record.instance.id))
      // What a listing shows holds, also when a store that has lost its data counts from the beginning.
      if known[Identifier(record.instance.id)]?.revision != record.revision { put(record, &steps) }
    }
    for (id, record) in known where !listed.contains(id) { drop(record, &steps) }
    // The order of a dictionary is another one in each process.
    steps.left.sort { $0.isOrdered(before: $1) }
    steps.lapsed.sort { $0.isOrdered(before: $1) }
    return steps
  }

  mutating func take(_ changes: [StoreChange]) -> Steps {
    var steps = Steps()
    for change in changes {
      switch change {
      case .written(let record):
        note(record, &steps)
      case .removed(let id, let revision):
        // One that is older than what a listing has shown says nothing.
        guard let record = known[Identifier(id)], record.revision < revision else { continue }
        steps.written.removeAll { $0.instance.id.isIdentical(to: id) }
        drop(record, &steps)
      }
    }
    return steps
  }

  private mutating func note(_ record: StoreRecord, _ steps: inout Steps) {
    let id = Identifier(record.instance.id)
    if let before = known[id], before.revision >= record.revision { return }
    put(record, &steps)
  }

  private mutating func put(_ record: StoreRecord, _ steps: inout Steps) {
    let id = Identifier(record.instance.id)
    known[id] = record
    steps.left.removeAll { $0.isIdentical(to: id.text) }
    steps.lapsed.removeAll { $0.isIdentical(to: id.text) }
    steps.written.append(record)
  }

  /// Whoever drained, or was out of service, is not missed.
  private mutating func drop(_ record: StoreRecord, _ steps: inout Steps) {
    known[Identifier(record.instance.id)] = nil
    if record.state == .inService {
      steps.lapsed.append(record.instance.id)
    } else {
      steps.left.append(record.instance.id)
    }
  }
}
