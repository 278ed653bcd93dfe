internal import Resilience

// What the requests about events and their answers say, beside the events.

struct HubNothing: Codable, Sendable {}

struct HubAnswer: Codable, Sendable {
  /// Whether what was asked for was there.
  let isThere: Bool
}

struct HubJoin: Codable, Sendable {
  let session: String
  let group: HubGroup
}

struct HubJoined: Codable, Sendable {
  let heartbeatNanoseconds: Int64
}

struct HubReceive: Codable, Sendable {
  let session: String
  /// Numbers this call: whoever asks again with the same number gets what was handed out to it.
  let poll: UInt64
  /// Numbers the requests of this call: one that arrives behind a later one has been given up.
  let attempt: UInt64
  /// The calls whose answers have arrived.
  let heard: [UInt64]
  let limit: Int
  /// 0 ends a call that waits.
  let waitNanoseconds: Int64
}

struct HubSessionOnly: Codable, Sendable {
  let session: String
  var heard: [UInt64] = []
}

struct HubReceived: Codable, Sendable {
  let deliveries: [HubDelivery]
}

/// Its event is in the batch.
struct HubDelivery: Codable, Sendable {
  let receipt: HubReceipt
  let deliveries: Int
  let history: [HubDeath]?

  init(_ delivery: BrokerDelivery) {
    receipt = HubReceipt(delivery.receipt)
    deliveries = delivery.deliveries
    history = delivery.history.isEmpty ? nil : delivery.history.map { HubDeath($0) }
  }

  func delivery(of event: EncodedEvent) -> BrokerDelivery {
    BrokerDelivery(
      receipt: receipt.receipt, event: event, deliveries: max(0, deliveries),
      history: (history ?? []).map(\.death))
  }
}

struct HubReceipt: Codable, Sendable, Hashable {
  let scope: UInt64
  let position: UInt64

  init(_ receipt: BrokerReceipt) {
    scope = receipt.scope
    position = receipt.position
  }

  var receipt: BrokerReceipt { BrokerReceipt(scope: scope, position: position) }
}

struct HubSettle: Codable, Sendable {
  let session: String
  let settlements: [HubSettlement]
}

struct HubSettled: Codable, Sendable {
  let stale: [HubReceipt]
}

struct HubSettlement: Codable, Sendable {
  enum Outcome: String, Codable, Sendable {
    case handled, returned, deadLettered
  }

  let receipt: HubReceipt
  let outcome: Outcome
  /// How many events of the batch are published with it.
  var events: Int?
  var deliveries: Int?
  var death: HubDeath?
  var history: [HubDeath]?

  init(_ settlement: BrokerSettlement) {
    receipt = HubReceipt(settlement.receipt)
    switch settlement.outcome {
    case .handled(let published):
      outcome = .handled
      events = published.isEmpty ? nil : published.count
    case .returned(let count):
      outcome = .returned
      deliveries = count
    case .deadLettered(let last, let earlier):
      outcome = .deadLettered
      death = HubDeath(last)
      history = earlier.isEmpty ? nil : earlier.map { HubDeath($0) }
    }
  }

  /// - Parameter events: What is left of the batch.
  func settlement(taking events: inout ArraySlice<EncodedEvent>) throws -> BrokerSettlement {
    switch outcome {
    case .handled:
      let count = self.events ?? 0
      guard count >= 0, count <= events.count else {
        throw HubRefusal("settlements.events", "\(count)", "0 to \(events.count), as many as are left")
      }
      defer { events = events.dropFirst(count) }
      return BrokerSettlement(receipt.receipt, .handled(publishing: Array(events.prefix(count))))
    case .returned:
      return BrokerSettlement(receipt.receipt, .returned(deliveries: max(0, deliveries ?? 0)))
    case .deadLettered:
      guard let death else { throw HubRefusal("settlements.death", "none", "there for what is given up") }
      return BrokerSettlement(
        receipt.receipt, .deadLettered(death.death, history: (history ?? []).map(\.death)))
    }
  }
}

struct HubDeath: Codable, Sendable {
  enum Reason: String, Codable, Sendable {
    case exhausted, poison, undecodable, expired, noSubscriber, overflow
  }

  let reason: Reason
  /// Of the reason `exhausted`.
  let exhaustedAfter: Int?
  let lastError: String?
  let deliveries: Int
  let timeNanoseconds: Int64

  init(_ death: DeadLetter.Death) {
    var exhaustedAfter: Int?
    switch death.reason {
    case .exhausted(let deliveries):
      reason = .exhausted
      exhaustedAfter = deliveries
    case .poison: reason = .poison
    case .undecodable: reason = .undecodable
    case .expired: reason = .expired
    case .noSubscriber: reason = .noSubscriber
    case .overflow: reason = .overflow
    }
    self.exhaustedAfter = exhaustedAfter
    lastError = death.lastError
    deliveries = death.deliveries
    timeNanoseconds = death.time.nanoseconds
  }

  var death: DeadLetter.Death {
    let reason: DeadLetter.Reason =
      switch self.reason {
      case .exhausted: .exhausted(deliveries: max(0, exhaustedAfter ?? deliveries))
      case .poison: .poison
      case .undecodable: .undecodable
      case .expired: .expired
      case .noSubscriber: .noSubscriber
      case .overflow: .overflow
      }
    return DeadLetter.Death(
      reason: reason, lastError: lastError, deliveries: max(0, deliveries),
      time: UnixTime(nanoseconds: timeNanoseconds))
  }
}

// MARK: - Groups

struct HubGroup: Codable, Sendable {
  let name: String
  let filter: HubFilter
  let startsWithOldest: Bool

  init(_ group: BrokerGroup) {
    name = group.name
    filter = HubFilter(group.filter)
    startsWithOldest = group.start == .oldest
  }

  func group() throws -> BrokerGroup {
    guard !name.isEmpty else { throw HubRefusal("group.name", "", "not empty") }
    return BrokerGroup(name, filter: filter.filter, start: startsWithOldest ? .oldest : .now)
  }
}

struct HubFilter: Codable, Sendable {
  enum Kind: String, Codable, Sendable {
    case type, prefix, all
  }

  let kind: Kind
  let text: String?

  init(_ filter: EventFilter) {
    switch filter {
    case .type(let name): (kind, text) = (.type, name)
    case .prefix(let prefix): (kind, text) = (.prefix, prefix)
    case .all: (kind, text) = (.all, nil)
    }
  }

  var filter: EventFilter {
    switch kind {
    case .type: .type(text ?? "")
    case .prefix: .prefix(text ?? "")
    case .all: .all
    }
  }
}

struct HubGroupOnly: Codable, Sendable {
  let name: String
}

// MARK: - Dead letters

struct HubLetterPage: Codable, Sendable {
  let group: String?
  let after: String?
  let limit: Int
}

struct HubLetters: Codable, Sendable {
  let letters: [HubLetter]
}

/// Its event is in the batch.
struct HubLetter: Codable, Sendable {
  let id: String
  let group: String
  let death: HubDeath
  let history: [HubDeath]?

  init(_ letter: BrokerDeadLetter) {
    id = letter.id
    group = letter.group
    death = HubDeath(letter.death)
    history = letter.history.isEmpty ? nil : letter.history.map { HubDeath($0) }
  }

  func letter(of event: EncodedEvent) -> BrokerDeadLetter {
    BrokerDeadLetter(
      id: id, group: group, event: event, death: death.death, history: (history ?? []).map(\.death))
  }
}

/// An event that was repaired is in the batch.
struct HubLetterOnly: Codable, Sendable {
  let id: String
}
