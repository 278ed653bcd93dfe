import ArgumentParser

/// Where the engines are that all processes share.
struct EngineAddresses: ParsableArguments, Sendable {
  @Option(help: "The hub, which has the registry and the events of whom no other engine takes.")
  var hub = "http://127.0.0.1:8090"

  @Option(help: "An etcd for the registry, such as http://127.0.0.1:2379.")
  var etcd: String?

  @Option(help: "The port of a Redis for the events, and for limits that all processes share.")
  var redis: Int?

  @Option(help: "Where that Redis is.")
  var redisHost = "127.0.0.1"

  @Option(help: "A Kafka for the events, as HOST:PORT; several of its brokers are separated by commas.")
  var kafka: String?

  @Option(
    help: """
      After how many seconds a consumer that has died leaves what it had to the next one, on Kafka, which by default \
      takes no less than 6.
      """)
  var kafkaSession = 6

  /// `nil` where others have all that it would.
  var hubInUse: String? { etcd != nil && (redis != nil || kafka != nil) ? nil : hub }

  func validate() throws {
    if kafka != nil { try KafkaEvents.requireBuilt() }
    guard (1...1800).contains(kafkaSession) else {
      throw ValidationError("a session of \(kafkaSession) s on Kafka is not from 1 to 1800")
    }
  }

  /// As options, for a process that is started.
  var options: [String] {
    ["--hub", hub] + (etcd.map { ["--etcd", $0] } ?? [])
      + (redis.map { ["--redis", "\($0)", "--redis-host", redisHost] } ?? [])
      + (kafka.map { ["--kafka", $0, "--kafka-session", "\(kafkaSession)"] } ?? [])
  }
}
