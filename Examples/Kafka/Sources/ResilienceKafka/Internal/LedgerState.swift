internal import Resilience

/// What the ledger says: a compacted topic of one partition, so that all processes read the same in the same
/// order. Pure.
///
/// Its keys are `group/ID`, `letter/ID`, `later/ID`, `keeper` and `sync`; a record without a value removes
/// what has the key.
struct LedgerState {
  struct Group: Sendable {
    let id: String
    let stored: StoredGroup
    let filter: EventFilter
  }

  /// By reference, so that the list of them moves quickly.
  final class Letter: Sendable {
    let offset: Int64
    let key: String
    let letter: BrokerDeadLetter

    init(offset: Int64, key: String, letter: BrokerDeadLetter) {
      self.offset = offset
      self.key = key
      self.letter = letter
    }
  }

  /// By name, the oldest first: that one counts, and others were made at the same moment.
  private(set) var groups: [String: [Group]] = [:]
  /// In the order of their offsets.
  private(set) var letters: [Letter] = []
  private var letterOffsets: [String: Int64] = [:]
  var scheduled = ScheduledEvents()
  var keeper: KeeperState
  /// Behind the last record that was read.
  private(set) var next: Int64 = 0

  enum Effect: Sendable {
    case none
    /// The group with this id is there no more.
    case groupRemoved(String)
    /// The record is none that this version reads.
    case unreadable
  }

  /// - Parameter id: This process's, as a keeper.
  init(id: String) { keeper = KeeperState(id: id) }

  mutating func apply(_ key: String, _ value: [UInt8]?, at offset: Int64, _ now: Instant) -> Effect {
    next = max(next, offset + 1)
    if key == "keeper" {
      guard let claim = value.flatMap({ StoredKeeper(stored: $0) }) else { return .unreadable }
      return keeper.apply(claim, at: now) ? .none : .unreadable
    }
    // Somebody waits until it is read.
    if key == "sync" { return .none }
    guard let slash = key.firstIndex(of: "/") else { return .unreadable }
    let id = String(key[key.index(after: slash)...])
    switch key[..<slash] {
    case "group": return applyGroup(id, value)
    case "letter": return applyLetter(key, value, at: offset)
    case "later":
      guard let value else {
        scheduled.remove(key)
        return .none
      }
      guard let event = try? EncodedEvent(json: value), let due = event.notBefore else { return .unreadable }
      scheduled.insert(event, key, due: due)
    default: return .unreadable
    }
    return .none
  }

  private mutating func applyGroup(_ id: String, _ value: [UInt8]?) -> Effect {
    guard let value else {
      for (name, list) in groups where list.contains(where: { $0.id == id }) {
        let rest = list.filter { $0.id != id }
        groups[name] = rest.isEmpty ? nil : rest
        return .groupRemoved(id)
      }
      return .none
    }
    guard let stored = StoredGroup(stored: value), let filter = stored.filter else { return .unreadable }
    groups[stored.name, default: []].append(Group(id: id, stored: stored, filter: filter))
    return .none
  }

  private mutating func applyLetter(_ key: String, _ value: [UInt8]?, at offset: Int64) -> Effect {
    var new: BrokerDeadLetter?
    if let value {
      new = StoredLetter(stored: value)?.letter(id: "\(offset)")
      guard new != nil else { return .unreadable }
    }
    if let present = letterOffsets.removeValue(forKey: key) { letters.remove(at: index(from: present)) }
    guard let new, letters.last?.offset ?? -1 < offset else { return .none }
    letterOffsets[key] = offset
    letters.append(Letter(offset: offset, key: key, letter: new))
    return .none
  }

  /// Of the first letter at `offset` or behind it.
  private func index(from offset: Int64) -> Int {
    var low = 0
    var high = letters.count
    while low < high {
      let middle = (low + high) / 2
      if letters[middle].offset < offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The first of those after `id`, which may be gone.
  func letters(of group: String?, after id: String?, limit: Int) -> [BrokerDeadLetter] {
    let after = id.map { Int64($0) ?? .max } ?? -1
    let first = after == .max ? letters.count : index(from: after + 1)
    return Array(
      letters[first...].lazy.filter { group == nil || $0.letter.group == group }
        .map(\.letter).prefix(max(1, limit)))
  }

  func letter(_ id: String) -> Letter? {
    guard let offset = Int64(id) else { return nil }
    let index = index(from: offset)
    return index < letters.count && letters[index].letter.id == id ? letters[index] : nil
  }

  /// How long nobody has to look at what is due; `nil` where nothing will be.
  static func milliseconds(from now: UnixTime, untilDueAt due: UnixTime?) -> Int32 {
    guard let due else { return 500 }
    // What is due waits for the keeper.
    guard due > now else { return 20 }
    let (left, isBeyond) = due.nanoseconds.subtractingReportingOverflow(now.nanoseconds)
    return isBeyond ? 500 : Int32(min(500, left / 1_000_000 + 1))
  }
}
