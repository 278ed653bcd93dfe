import AsyncHTTPClient
import NIOCore
import Resilience
import ResilienceAsyncHTTPClient
import ResilienceHub

/// Where the registry and the events of all processes are: the one place that knows.
struct EngineChoice: Sendable {
  let store: any RegistryStore
  let broker: any EventBroker
  private let client: HTTPClient

  /// The hub, which needs nothing to be installed.
  init(hub: String) {
    var configuration = HTTPClient.Configuration.resilient(connect: .milliseconds(500))
    // Each group and each service that is followed waits with a request of its own.
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
    client = HTTPClient(configuration: configuration)
    store = RemoteRegistryStore(client, at: hub + "/hub", timeout: .seconds(2))
    broker = RemoteBroker(client, at: hub + "/hub", timeout: .seconds(2))
  }

  func shutdown() async throws { try await client.shutdown() }
}
