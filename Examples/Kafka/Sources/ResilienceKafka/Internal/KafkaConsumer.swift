internal import Resilience

/// A consumer's side that the caller has: it leaves when it is dropped.
final class KafkaConsumer: BrokerConsumer {
  private let member: Member
  private let producer: Producer
  private let topics: Topics

  init(_ member: Member, _ producer: Producer, _ topics: Topics) {
    self.member = member
    self.producer = producer
    self.topics = topics
  }

  deinit { _ = member.inbox.post(.leave) }

  var heartbeatInterval: Duration { member.policy.session / 3 }

  func receive(limit: Int) async throws -> [BrokerDelivery] {
    try Task.checkCancellation()
    let token = CancellationToken()
    return try await withTaskCancellationHandler {
      try await ask { .receive(token, limit: max(1, limit), $0) }
    } onCancel: {
      token.cancel()
      _ = member.inbox.post(.cancel(token))
    }
  }

  func heartbeat() async throws { try await ask { .heartbeat($0) } }

  func leave() async throws {
    _ = member.inbox.post(.leave)
    await member.ended.wait()
  }

  /// What is published with a settlement is published first, then the settlement is committed: at least once.
  func settle(_ settlements: [BrokerSettlement]) async throws -> [BrokerReceipt] {
    guard !settlements.isEmpty else { return [] }
    // A receipt that occurs twice is settled by the first, and stale in the others.
    var known: Set<BrokerReceipt> = []
    var (first, repeated): ([BrokerSettlement], [BrokerReceipt]) = ([], [])
    for settlement in settlements {
      if known.insert(settlement.receipt).inserted {
        first.append(settlement)
      } else {
        repeated.append(settlement.receipt)
      }
    }
    let claims = try await ask { [receipts = first.map(\.receipt)] in .claim(receipts, $0) }
    let ours = first.filter { claims.events[$0.receipt] != nil }
    let stale = first.map(\.receipt).filter { claims.events[$0] == nil }
    guard !ours.isEmpty else { return stale + repeated }
    do {
      _ = try await producer.produce(ours.flatMap { records($0, claims) })
    } catch {
      _ = member.inbox.post(.unclaim(ours.map(\.receipt)))
      throw error
    }
    let lost = try await ask { .settle(ours.map(Self.settled), $0) }
    return stale + lost + repeated
  }

  private func records(_ settlement: BrokerSettlement, _ claims: MemberCommand.Claims) -> [Producer.Record] {
    switch settlement.outcome {
    case .handled(let events):
      return topics.published(events, at: CallContext.current.clock.unixTime)
    case .returned: return []
    case .deadLettered(let death, let history):
      guard let event = claims.events[settlement.receipt] else { return [] }
      let letter = StoredLetter(group: member.group, event: event, death: death, history: history)
      return [topics.ledgerRecord("letter/\(newID())", letter.storedBytes)]
    }
  }

  private static func settled(_ settlement: BrokerSettlement) -> MemberCommand.Settled {
    guard case .returned(let deliveries) = settlement.outcome else {
      return MemberCommand.Settled(receipt: settlement.receipt, returned: nil)
    }
    return MemberCommand.Settled(receipt: settlement.receipt, returned: deliveries)
  }

  private func ask<Value: Sendable>(
    _ command: (@escaping MemberCommand.Completion<Value>) -> MemberCommand
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let command = command { continuation.resume(with: $0) }
      if !member.inbox.post(command) { command.refuse(member.sessionEnded) }
    }
  }
}
