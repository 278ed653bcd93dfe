internal import Resilience
internal import Synchronization

/// One consumer's session.
final class StreamsConsumer: BrokerConsumer {
  private struct Calls {
    var last = 0
    /// Those whose answers did not come: what they handed out nobody has.
    var lost: [ClosedRange<Int>] = []

    mutating func lose(_ call: Int, wasSent: Bool) {
      if let last = lost.indices.last, lost[last].upperBound == call - 1 {
        lost[last] = lost[last].lowerBound...call
      } else if wasSent {
        lost.append(call...call)
      }
    }
  }

  private enum Answer {
    case ended
    case again
    case nothing(wait: Duration)
    case deliveries([BrokerDelivery])
  }

  /// The most events of one call.
  private static let mostEvents = 1000
  /// More than are ever counted: Redis' scripts have no whole numbers of 64 bits.
  private static let mostDeliveries = 1_000_000_000
  private static let waitWithoutMessages = Duration.milliseconds(100)

  private let broker: RedisStreamsBroker
  private let group: String
  /// The group's.
  let number: String
  let member: String
  private let calls = Mutex(Calls())

  init(_ broker: RedisStreamsBroker, group: String, number: String, member: String) {
    self.broker = broker
    self.group = group
    self.number = number
    self.member = member
  }

  var heartbeatInterval: Duration { broker.policy.session / 3 }

  /// How many stretches of calls have had no answer.
  var lostCount: Int { calls.withLock { $0.lost.count } }

  private var ended: BrokerSessionEnded { BrokerSessionEnded(group: group) }

  private var session: [RESPCommand.Argument] {
    [.text(group), .text(number), .text(member), .integer(broker.policy.session.microsecondsRoundedUp)]
  }

  func heartbeat() async throws {
    let isThere = try await broker.run(.heartbeat, session) { (reply) throws(RESPValue.Mismatch) in
      try reply.integer("a heartbeat")
    }
    guard isThere == 1 else { throw ended }
  }

  func leave() async throws {
    let lost = calls.withLock { $0.lost }
    _ = try await broker.run(.leave, [.text(group), .text(number), .text(member)] + Self.arguments(of: lost))
  }

  // MARK: - Receiving

  func receive(limit: Int) async throws -> [BrokerDelivery] {
    while true {
      try Task.checkCancellation()
      let waiter = BrokerWakeups.Waiter()
      let place = broker.wakeups.add(waiter, for: group)
      defer { broker.wakeups.remove(place) }
      switch try await ask(limit) {
      case .ended: throw ended
      case .again: continue
      case .deliveries(let deliveries): return deliveries
      case .nothing(let wait):
        let longest = broker.wakeups.isSubscribed ? broker.longestWait : Self.waitWithoutMessages
        try await self.wait(waiter, for: min(wait, longest))
      }
    }
  }

  private func wait(_ waiter: BrokerWakeups.Waiter, for length: Duration) async throws {
    let clock = CallContext.current.clock
    let alarm = clock.schedule(at: clock.now.advanced(by: length)) { waiter.give(.success(.time)) }
    let wake = await withTaskCancellationHandler {
      await waiter.take().get()
    } onCancel: {
      waiter.give(.success(.cancelled))
    }
    clock.cancel(alarm)
    if wake == .cancelled { throw CancellationError() }
  }

  /// It is not cut short when the task is cancelled: what is handed out somebody has to have.
  private func ask(_ limit: Int) async throws -> Answer {
    let (call, lost) = calls.withLock { calls in
      calls.last += 1
      return (calls.last, calls.lost)
    }
    let arguments: [RESPCommand.Argument] = [
      .integer(Int64(min(max(1, limit), Self.mostEvents))), .integer(Int64(broker.policy.window)),
      .integer(broker.enoughBytes), .integer(Int64(call)),
    ]
    do {
      let answer = try await broker.run(
        .receive,
        session + arguments + Self.arguments(of: lost), read: answer)
      calls.withLock { $0.lost.removeAll { lost.contains($0) } }
      return answer
    } catch {
      // One that was not sent has handed out nothing.
      calls.withLock { $0.lose(call, wasSent: error.wasSent) }
      throw error
    }
  }

  private static func arguments(of calls: [ClosedRange<Int>]) -> [RESPCommand.Argument] {
    calls.flatMap { [.integer(Int64($0.lowerBound)), .integer(Int64($0.upperBound))] }
  }

  private func answer(_ reply: RESPValue) throws(RESPValue.Mismatch) -> Answer {
    let items = try reply.items("what is handed out", atLeast: 1)
    switch try items[0].text("an answer") {
    case "ended": return .ended
    case "again": return .again
    default: break
    }
    let wait = try reply.items("what is handed out", atLeast: 2)[1].integer("a wait")
    guard items.count > 2 else {
      return wait > 0 ? .nothing(wait: .microseconds(wait)) : .again
    }
    var deliveries: [BrokerDelivery] = []
    for item in items[2...] {
      let fields = try item.items("an event", atLeast: 5)
      let position = try fields[1].integer("a position")
      guard let scope = UInt64(exactly: try fields[0].integer("a receipt")),
        let at = UInt64(exactly: position)
      else { throw RESPValue.Mismatch(message: "a receipt or the position \(position) is below 0") }
      deliveries.append(
        BrokerDelivery(
          receipt: BrokerReceipt(scope: scope, position: at),
          event: try EncodedEvent(stored: try fields[3].bytes("an event"), "the event at \(position)"),
          deliveries: Int(clamping: max(0, try fields[2].integer("the deliveries"))),
          history: try StoredDeath.deaths(try fields[4].bytes("a history"), "the history at \(position)")))
    }
    return .deliveries(deliveries)
  }

  // MARK: - Settling

  @discardableResult
  func settle(_ settlements: [BrokerSettlement]) async throws -> [BrokerReceipt] {
    let policy = broker.policy
    let fixed: [RESPCommand.Argument] = [
      .integer(Int64(policy.deadLetterCapacity)), .integer(Int64(policy.window)),
    ]
    let all = try settlements.flatMap(arguments)
    return try await broker.run(.settle, session + fixed + all) {
      (reply) throws(RESPValue.Mismatch) in
      var stale: [BrokerReceipt] = []
      for item in try reply.items("the stale receipts") {
        let place = try item.integer("a receipt's place")
        guard let index = Int(exactly: place), settlements.indices.contains(index - 1) else {
          throw RESPValue.Mismatch(message: "a receipt's place is \(place) of \(settlements.count)")
        }
        stale.append(settlements[index - 1].receipt)
      }
      return stale
    }
  }

  private func arguments(_ settlement: BrokerSettlement) throws -> [RESPCommand.Argument] {
    let receipt: [RESPCommand.Argument] = [
      .text("\(settlement.receipt.scope)"), .text("\(settlement.receipt.position)"),
    ]
    switch settlement.outcome {
    case .handled(let events):
      return receipt + ["handled", .integer(Int64(events.count))] + (try broker.arguments(of: events))
    case .returned(let deliveries):
      return receipt + ["returned", .integer(Int64(min(max(0, deliveries), Self.mostDeliveries)))]
    case .deadLettered(let death, let history):
      return receipt
        + ["dead", .bytes(StoredDeath.bytes([death])), .bytes(StoredDeath.bytes(history))]
    }
  }
}
