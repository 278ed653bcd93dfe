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

  struct Letter: Sendable {
    let offset: Int64
    let key: String
    let letter: BrokerDeadLetter
  }

  struct Scheduled: Sendable {
    let key: String
    let event: EncodedEvent
    let due: UnixTime
  }

  /// By name, the oldest first: that one counts, and others were made at the same moment.
  private(set) var groups: [String: [Group]] = [:]
  /// In the order of their offsets.
  private(set) var letters: [Letter] = []
  private(set) var scheduled: [String: Scheduled] = [:]
  private(set) var keeper: StoredKeeper?
  /// Behind the last record that was read.
  private(set) var next: Int64 = 0

  enum Effect: Sendable {
    case none
    /// The group with this id is there no more.
    case groupRemoved(String)
    /// The record is none that this version reads.
    case unreadable
  }

  mutating func apply(_ key: String, _ value: [UInt8]?, at offset: Int64) -> Effect {
    next = max(next, offset + 1)
    if key == "keeper" {
      guard let claim = value.flatMap({ StoredKeeper(stored: $0) }) else { return .unreadable }
      let isFree = keeper.map { $0.holder == claim.holder || $0.until <= claim.from } ?? true
      if isFree { keeper = claim }
      return .none
    }
    // Somebody waits until it is read.
    if key == "sync" { return .none }
    guard let slash = key.firstIndex(of: "/") else { return .unreadable }
    let id = String(key[key.index(after: slash)...])
    switch key[..<slash] {
    case "group": return applyGroup(id, value)
    case "letter":
      guard let value else {
        letters.removeAll { $0.key == key }
        return .none
      }
      guard let letter = StoredLetter(stored: value)?.letter(id: "\(offset)") else { return .unreadable }
      letters.append(Letter(offset: offset, key: key, letter: letter))
    case "later":
      guard let value else {
        scheduled[key] = nil
        return .none
      }
      guard let event = try? EncodedEvent(json: value), let due = event.notBefore else { return .unreadable }
      scheduled[key] = Scheduled(key: key, event: event, due: due)
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

  /// The first of those after `id`, which may be gone.
  func letters(of group: String?, after id: String?, limit: Int) -> [BrokerDeadLetter] {
    let after = id.map { Int64($0) ?? .max } ?? -1
    return Array(
      letters.lazy.filter { $0.offset > after && (group == nil || $0.letter.group == group) }
        .map(\.letter).prefix(max(1, limit)))
  }

  func letter(_ id: String) -> Letter? { letters.first { $0.letter.id == id } }

  func due(at now: UnixTime, except releasing: Set<String>) -> [Scheduled] {
    scheduled.values.filter { $0.due <= now && !releasing.contains($0.key) }
      .sorted { ($0.due, $0.key) < ($1.due, $1.key) }
  }

  /// How long nobody has to look at what is due; `nil` where nothing will be.
  static func milliseconds(from now: UnixTime, untilDueAt due: UnixTime?) -> Int32 {
    guard let due else { return 500 }
    // What is due waits for the keeper, or for what is under way.
    guard due > now else { return 20 }
    let (left, isBeyond) = due.nanoseconds.subtractingReportingOverflow(now.nanoseconds)
    return isBeyond ? 500 : Int32(min(500, left / 1_000_000 + 1))
  }

  var earliest: UnixTime? { scheduled.values.lazy.map(\.due).min() }
}
