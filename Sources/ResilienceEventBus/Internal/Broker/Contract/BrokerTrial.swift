internal import ResilienceCore

/// One try of one promise.
struct BrokerTrial: Sendable {
  let name: String
  var broker: any EventBroker
  let prefix: String
  var reopen: (@Sendable () async throws -> any EventBroker)?

  func require(_ condition: Bool, _ detail: @autoclosure () -> String) throws {
    guard condition else { throw violation(detail()) }
  }

  func violation(_ detail: String) -> BrokerContractViolation {
    BrokerContractViolation(name: name, detail: detail)
  }

  // MARK: - Events

  func event(_ number: Int, of key: String? = nil, type: String = "event") throws -> EncodedEvent {
    try EncodedEvent(
      id: "\(number)", source: "/contract", type: "\(prefix).\(type)", subject: key,
      data: [UInt8(number & 255)])
  }

  func publish(_ numbers: some Collection<Int>, of key: String? = nil, type: String = "event") async throws {
    try await broker.publish(try numbers.map { try event($0, of: key, type: type) })
  }

  // MARK: - Groups

  func group(_ name: String = "g", type: String? = nil, start: BrokerGroup.Start = .now) -> BrokerGroup {
    BrokerGroup(
      "\(prefix)-\(name)", filter: type.map { .type("\(prefix).\($0)") } ?? .prefix("\(prefix)."),
      start: start)
  }

  func join(_ name: String = "g", type: String? = nil, start: BrokerGroup.Start = .now) async throws
    -> any BrokerConsumer
  {
    try await broker.join(group(name, type: type, start: start))
  }

  /// Receives until there are so many, or `limit` is over.
  func receive(
    _ count: Int, from consumer: any BrokerConsumer, limit: Duration = .seconds(30), atOnce: Int = 1000
  ) async throws -> [BrokerDelivery] {
    let seen = SeenDeliveries()
    try await withThrowingTaskGroup { tasks in
      defer { tasks.cancelAll() }
      tasks.addTask {
        while seen.count < count {
          seen.add(try await consumer.receive(limit: min(atOnce, count - seen.count)))
        }
      }
      tasks.addTask { try await CallContext.current.clock.sleep(for: limit) }
      try await tasks.next()
    }
    return seen.deliveries
  }

  /// Lets several consumers receive until they have so many together, or `limit` is over.
  func share(
    _ count: Int, among consumers: [any BrokerConsumer], limit: Duration = .seconds(30)
  ) async throws -> [[BrokerDelivery]] {
    let seen = consumers.map { _ in SeenDeliveries() }
    try await withThrowingTaskGroup { tasks in
      defer { tasks.cancelAll() }
      for (consumer, own) in zip(consumers, seen) {
        tasks.addTask {
          while true {
            own.add(try await consumer.receive(limit: 10))
            if seen.reduce(0, { $0 + $1.count }) >= count { return }
          }
        }
      }
      tasks.addTask { try await CallContext.current.clock.sleep(for: limit) }
      try await tasks.next()
    }
    return seen.map(\.deliveries)
  }

  /// Receives just these, in this order.
  @discardableResult
  func expect(
    _ numbers: [Int], from consumer: any BrokerConsumer, _ moment: String
  ) async throws -> [BrokerDelivery] {
    let deliveries = try await receive(numbers.count, from: consumer)
    try require(
      deliveries.map(\.number) == numbers, "\(moment) \(deliveries.map(\.number)) came, not \(numbers)")
    return deliveries
  }

  func expectNothing(from consumer: any BrokerConsumer, _ moment: String) async throws {
    let deliveries = try await receive(1, from: consumer, limit: .milliseconds(200))
    try require(deliveries.isEmpty, "\(moment) \(deliveries.map(\.number)) came")
  }

  func settle(
    _ deliveries: some Sequence<BrokerDelivery>, _ outcome: BrokerSettlement.Outcome = .handled(),
    by consumer: any BrokerConsumer
  ) async throws {
    let stale = try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, outcome) })
    try require(stale.isEmpty, "\(stale.count) receipts of this moment are stale")
  }

  func death(_ error: String? = nil, deliveries: Int = 1) -> DeadLetter.Death {
    DeadLetter.Death(
      reason: .exhausted(deliveries: deliveries), lastError: error, deliveries: deliveries,
      time: CallContext.current.clock.unixTime)
  }

  /// Waits until a consumer that does nothing any more is given up.
  func waitForTheEndOfASession(of consumer: any BrokerConsumer) async throws {
    try await CallContext.current.clock.sleep(for: consumer.heartbeatInterval * 4)
  }
}

extension BrokerDelivery {
  /// That of a trial's event.
  var number: Int { Int(event.id) ?? -1 }
}

/// The deliveries that a consumer has received.
final class SeenDeliveries: Sendable {
  private let list = Lock<[BrokerDelivery]>([])

  var deliveries: [BrokerDelivery] { list.withLock { $0 } }
  var count: Int { list.withLock { $0.count } }

  func add(_ deliveries: [BrokerDelivery]) { list.withLock { $0 += deliveries } }
}
