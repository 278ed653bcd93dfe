import Resilience

#if Kafka
  import ResilienceKafka
#endif

/// The events on Kafka, in a program that is built with the trait `Kafka`.
enum KafkaEvents {
  struct NotBuilt: Error, CustomStringConvertible {
    var description: String {
      "this program was built without Kafka: Examples/Storefront/with-kafka builds one, and brings what it needs; "
        + "`swift build --traits Kafka` does where the headers of librdkafka are installed"
    }
  }

  #if Kafka
    static let isBuilt = true
  #else
    static let isBuilt = false
  #endif

  /// - Throws: ``NotBuilt`` in a program that was built without the trait.
  static func requireBuilt() throws {
    guard isBuilt else { throw NotBuilt() }
  }

  /// Runs `body` with a broker on Kafka, and then ends its sessions.
  ///
  /// - Parameter session: After so long a consumer that was killed leaves what it had to the next one.
  /// - Throws: ``NotBuilt``; what `body` throws.
  static func using<Value: Sendable>(
    _ servers: String, session: Duration, _ body: (any EventBroker) async throws -> Value
  ) async throws -> Value {
    #if Kafka
      let broker = ReopenedKafka {
        try await KafkaBroker.open(
          servers, topic: "storefront",
          policy: KafkaBrokerPolicy(session: session, timeout: .seconds(3), joinsWhenReceiving: true),
          // Also one that is shorter than Kafka takes.
          settings: ["session.timeout.ms": "\(session.components.seconds * 1000)"])
      }
      let result: Result<Value, any Error>
      do {
        result = .success(try await body(broker))
      } catch {
        result = .failure(error)
      }
      await broker.close()
      return try result.get()
    #else
      throw NotBuilt()
    #endif
  }
}
