internal import Foundation
internal import Resilience

/// A death, as it is stored.
struct StoredDeath: Codable, Sendable {
  private static let errorLength = 500
  /// As many as a bus remembers.
  private static let remembered = 16

  let reason: String
  let exhaustedAfter: Int?
  let lastError: String?
  let deliveries: Int
  let time: Int64

  init(_ death: DeadLetter.Death) {
    (reason, exhaustedAfter) =
      switch death.reason {
      case .exhausted(let deliveries): ("exhausted", deliveries)
      case .poison: ("poison", nil)
      case .undecodable: ("undecodable", nil)
      case .expired: ("expired", nil)
      case .noSubscriber: ("noSubscriber", nil)
      case .overflow: ("overflow", nil)
      }
    lastError = death.lastError.map { String($0.prefix(Self.errorLength)) }
    deliveries = death.deliveries
    time = death.time.nanoseconds
  }

  /// `nil` when its reason is none that this version knows.
  var death: DeadLetter.Death? {
    let known: DeadLetter.Reason? =
      switch reason {
      case "exhausted": .exhausted(deliveries: exhaustedAfter ?? deliveries)
      case "poison": .poison
      case "undecodable": .undecodable
      case "expired": .expired
      case "noSubscriber": .noSubscriber
      case "overflow": .overflow
      default: nil
      }
    return known.map {
      DeadLetter.Death(
        reason: $0, lastError: lastError, deliveries: deliveries, time: UnixTime(nanoseconds: time))
    }
  }

  static func list(_ deaths: [DeadLetter.Death]) -> [StoredDeath] {
    deaths.suffix(remembered).map(StoredDeath.init)
  }
}

/// A group, as it is stored.
struct StoredGroup: Codable, Sendable {
  let name: String
  let filterKind: String
  let filterText: String
  /// Where each partition begins, by number; none for the oldest.
  let starts: [Int64]

  init(_ group: BrokerGroup, starts: [Int64]) {
    name = group.name
    (filterKind, filterText) =
      switch group.filter {
      case .all: ("all", "")
      case .type(let name): ("type", name)
      case .prefix(let prefix): ("prefix", prefix)
      }
    self.starts = starts
  }

  var filter: EventFilter? {
    switch filterKind {
    case "all": .all
    case "type": .type(filterText)
    case "prefix": .prefix(filterText)
    default: nil
    }
  }
}

/// A dead letter, as it is stored.
struct StoredLetter: Codable, Sendable {
  let group: String
  let event: String
  let death: StoredDeath
  let history: [StoredDeath]

  init(group: String, event: EncodedEvent, death: DeadLetter.Death, history: [DeadLetter.Death]) {
    self.group = group
    self.event = String(decoding: event.json(), as: UTF8.self)
    self.death = StoredDeath(death)
    self.history = StoredDeath.list(history)
  }

  func letter(id: String) -> BrokerDeadLetter? {
    guard let event = try? EncodedEvent(json: Array(event.utf8)), let death = death.death else { return nil }
    return BrokerDeadLetter(
      id: id, group: group, event: event, death: death, history: history.compactMap(\.death))
  }
}

/// Who releases events for later.
struct StoredKeeper: Codable, Sendable {
  let holder: String
  let term: Int64
  /// When, in nanoseconds of a clock that the holder alone reads.
  let written: Int64
  /// Whether it is over at once.
  let isGivenUp: Bool
}

extension Encodable {
  /// Texts, whole numbers and lists of such: that does not fail.
  var storedBytes: [UInt8] { (try? JSONEncoder().encode(self)).map(Array.init) ?? [] }
}

extension Decodable {
  init?(stored bytes: [UInt8]) {
    guard let value = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else { return nil }
    self = value
  }
}
