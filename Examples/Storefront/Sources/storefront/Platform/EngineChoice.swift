import AsyncHTTPClient
import NIOCore
import Resilience
import ResilienceAsyncHTTPClient
import ResilienceEtcd
import ResilienceHub
import ResilienceRedis

/// Where the registry and the events of all processes are: the one place that knows.
struct EngineChoice: Sendable {
  let store: any RegistryStore
  let broker: any EventBroker
  /// For limits that all processes share, whoever has the events; `nil` where there is none.
  let redis: RedisClient?
  /// How long what a dead consumer had stays its own at this broker.
  let session: Duration

  /// A consumer that was killed leaves what it had to the next one after so long.
  static let policy = BrokerPolicy(session: .seconds(3))

  /// Runs `body` with clients of the engines: of the hub, which needs nothing to be installed, where no other is
  /// named.
  static func using<Value: Sendable>(
    _ addresses: EngineAddresses, _ body: (EngineChoice) async throws -> Value
  ) async throws -> Value {
    guard let kafka = addresses.kafka else { return try await using(addresses, kafka: nil, body) }
    return try await KafkaEvents.using(kafka, session: .seconds(addresses.kafkaSession)) {
      try await using(addresses, kafka: $0, body)
    }
  }

  private static func using<Value: Sendable>(
    _ addresses: EngineAddresses, kafka: (any EventBroker)?, _ body: (EngineChoice) async throws -> Value
  ) async throws -> Value {
    var configuration = HTTPClient.Configuration.resilient(connect: .milliseconds(500))
    // Each group and each service that is followed waits with a request of its own.
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
    let client = HTTPClient(configuration: configuration)
    let redis = addresses.redis.map { RedisClient(host: addresses.redisHost, port: $0) }
    let result: Result<Value, any Error>
    do {
      result = .success(
        try await body(
          EngineChoice(
            store: store(addresses, client), broker: kafka ?? broker(addresses, client, redis), redis: redis,
            session: kafka == nil ? policy.session : .seconds(addresses.kafkaSession))))
    } catch {
      result = .failure(error)
    }
    redis?.close()
    try await client.shutdown()
    return try result.get()
  }

  private static func store(_ addresses: EngineAddresses, _ client: HTTPClient) -> any RegistryStore {
    if let etcd = addresses.etcd { return EtcdStore(client, at: etcd, timeout: .seconds(2)) }
    return RemoteRegistryStore(client, at: addresses.hub + "/hub", timeout: .seconds(2))
  }

  private static func broker(
    _ addresses: EngineAddresses, _ client: HTTPClient, _ redis: RedisClient?
  ) -> any EventBroker {
    if let redis { return RedisStreamsBroker(redis, policy: policy) }
    return RemoteBroker(client, at: addresses.hub + "/hub", timeout: .seconds(2))
  }
}
