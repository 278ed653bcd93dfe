import AsyncHTTPClient
import NIOCore
import Resilience
import ResilienceAsyncHTTPClient
import ResilienceHub

/// Where the registry and the events of all processes are: the one place that knows.
struct EngineChoice: Sendable {
  let store: any RegistryStore
  let broker: any EventBroker

  /// Runs `body` with the hub, which needs nothing to be installed.
  static func using<Value: Sendable>(
    hub: String, _ body: (EngineChoice) async throws -> Value
  ) async throws -> Value {
    var configuration = HTTPClient.Configuration.resilient(connect: .milliseconds(500))
    // Each group and each service that is followed waits with a request of its own.
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
    let client = HTTPClient(configuration: configuration)
    let result: Result<Value, any Error>
    do {
      result = .success(
        try await body(
          EngineChoice(
            store: RemoteRegistryStore(client, at: hub + "/hub", timeout: .seconds(2)),
            broker: RemoteBroker(client, at: hub + "/hub", timeout: .seconds(2)))))
    } catch {
      result = .failure(error)
    }
    try await client.shutdown()
    return try result.get()
  }
}
