#if Kafka
  import Resilience
  import ResilienceKafka

  /// A broker on Kafka that is opened when it is first used, and again when Kafka has lost its topics or was
  /// away for long: a producer of librdkafka that meets a Kafka without memory may fail for ever.
  struct ReopenedKafka: EventBroker {
    private let connection: KafkaConnection

    init(_ open: @escaping @Sendable () async throws -> KafkaBroker) { connection = KafkaConnection(open) }

    func close() async { await connection.close() }

    func publish(_ events: [EncodedEvent]) async throws {
      try await connection.use { try await $0.publish(events) }
    }

    func join(_ group: BrokerGroup) async throws -> any BrokerConsumer {
      try await connection.use { broker in
        ReopenedKafkaConsumer(
          connection: connection, broker: broker, group: group.name, consumer: try await broker.join(group))
      }
    }

    func removeGroup(_ name: String) async throws -> Bool {
      try await connection.use { try await $0.removeGroup(name) }
    }

    func deadLetters(of group: String?, after id: String?, limit: Int) async throws -> [BrokerDeadLetter] {
      try await connection.use { try await $0.deadLetters(of: group, after: id, limit: limit) }
    }

    func removeDeadLetter(_ id: String) async throws -> Bool {
      try await connection.use { try await $0.removeDeadLetter(id) }
    }

    func redrive(_ id: String, as event: EncodedEvent?) async throws -> Bool {
      try await connection.use { try await $0.redrive(id, as: event) }
    }
  }

  /// Its session ends when the broker is opened again, and the bus joins anew.
  private struct ReopenedKafkaConsumer: BrokerConsumer {
    let connection: KafkaConnection
    let broker: KafkaBroker
    let group: String
    let consumer: any BrokerConsumer

    var heartbeatInterval: Duration { consumer.heartbeatInterval }

    func receive(limit: Int) async throws -> [BrokerDelivery] {
      try await connection.use(broker) { _ in try await consumer.receive(limit: limit) }
    }

    func settle(_ settlements: [BrokerSettlement]) async throws -> [BrokerReceipt] {
      try await connection.use(broker) { _ in try await consumer.settle(settlements) }
    }

    func heartbeat() async throws {
      try await consumer.heartbeat()
      do {
        // That writes, and so finds out that Kafka has lost what it had: whoever only receives would not.
        _ = try await connection.use(broker) { try await $0.deadLetters(limit: 1) }
      } catch let error as KafkaError where error.reason == .closed {
        throw BrokerSessionEnded(group: group)
      }
    }

    func leave() async throws { try await consumer.leave() }
  }

  /// One broker at a time.
  private actor KafkaConnection {
    private let open: @Sendable () async throws -> KafkaBroker
    private var opening: Task<KafkaBroker, any Error>?
    /// Of those that were lost.
    private var closing: Task<Void, Never>?
    private var isClosed = false

    init(_ open: @escaping @Sendable () async throws -> KafkaBroker) { self.open = open }

    nonisolated func use<Value: Sendable>(
      _ given: KafkaBroker? = nil, _ body: (KafkaBroker) async throws -> Value
    ) async throws -> Value {
      let broker = if let given { given } else { try await current() }
      do {
        return try await body(broker)
      } catch let error as KafkaError where error.reason == .lost || error.reason == .timedOut {
        await lose(broker)
        throw error
      }
    }

    private func current() async throws -> KafkaBroker {
      guard !isClosed else { throw CancellationError() }
      let task = opening ?? Task { [open] in try await open() }
      opening = task
      do {
        return try await task.value
      } catch {
        if opening == task { opening = nil }
        throw error
      }
    }

    private func lose(_ broker: KafkaBroker) async {
      guard let task = opening, (try? await task.value) === broker, opening == task else { return }
      opening = nil
      // Nobody waits for that: it takes as long as Kafka does not answer.
      closing = Task { [closing] in
        await closing?.value
        await broker.close()
      }
    }

    func close() async {
      isClosed = true
      let (open, closing) = (opening, closing)
      opening = nil
      await (try? open?.value)?.close()
      await closing?.value
    }
  }
#endif
