internal import Foundation
internal import Resilience

/// An event, as a script takes it.
extension EncodedEvent {
  /// Its time in microseconds, 0 for now; its type, the hash of its key, nothing for one without; and itself.
  var arguments: [RESPCommand.Argument] {
    var event = self
    event.notBefore = nil
    // A fraction of a microsecond later, but never before.
    let due = notBefore.map { max(0, $0.nanoseconds / 1000 + ($0.nanoseconds % 1000 > 0 ? 1 : 0)) } ?? 0
    return [.integer(due)] + event.storedArguments
  }

  /// Without its time.
  var storedArguments: [RESPCommand.Argument] {
    [.text(type), .text(partitionKey.map { "\(Self.hash(of: $0))" } ?? ""), .bytes(json())]
  }

  private static func hash(of key: String) -> UInt32 {
    let hash = key.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
  }

  init(stored bytes: [UInt8], _ field: String) throws(RESPValue.Mismatch) {
    do {
      try self.init(json: bytes)
    } catch {
      throw RESPValue.Mismatch(message: "\(field) is no event: \(error)")
    }
  }
}

/// A filter, as a script takes it.
extension EventFilter {
  var arguments: [RESPCommand.Argument] {
    switch self {
    case .all: ["all", ""]
    case .type(let name): ["type", .text(name)]
    case .prefix(let prefix): ["prefix", .text(prefix)]
    }
  }

  init(kind: String, text: String) throws(RESPValue.Mismatch) {
    switch kind {
    case "all": self = .all
    case "type": self = .type(text)
    case "prefix": self = .prefix(text)
    default: throw RESPValue.Mismatch(message: "a filter is of the kind \"\(kind)\"")
    }
  }
}

/// A death, as it is stored.
struct StoredDeath: Codable {
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

  private func death() throws(RESPValue.Mismatch) -> DeadLetter.Death {
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
    guard let known else { throw RESPValue.Mismatch(message: "a death's reason is \"\(reason)\"") }
    return DeadLetter.Death(
      reason: known, lastError: lastError, deliveries: deliveries, time: UnixTime(nanoseconds: time))
  }

  static func bytes(_ deaths: [DeadLetter.Death]) -> [UInt8] {
    // Texts and whole numbers: that does not fail.
    let data = try? JSONEncoder().encode(deaths.suffix(remembered).map(StoredDeath.init))
    return Array(data ?? Data("[]".utf8))
  }

  static func deaths(_ bytes: [UInt8], _ field: String) throws(RESPValue.Mismatch) -> [DeadLetter.Death] {
    guard !bytes.isEmpty else { return [] }
    guard let stored = try? JSONDecoder().decode([StoredDeath].self, from: Data(bytes)) else {
      throw RESPValue.Mismatch(message: "\(field) is no list of deaths")
    }
    var deaths: [DeadLetter.Death] = []
    for one in stored { deaths.append(try one.death()) }
    return deaths
  }
}
