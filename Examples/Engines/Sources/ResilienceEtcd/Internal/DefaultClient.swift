internal import AsyncHTTPClient
internal import NIOCore

/// The client of whoever is given none: one for the whole process, which is never shut down. `ResilienceHub` has the
/// same, so that each folder can be copied alone.
enum DefaultClient {
  static let shared = HTTPClient(
    eventLoopGroupProvider: .singleton, configuration: configuration)

  private static var configuration: HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow, timeout: .init(connect: .seconds(1)))
    // A client that connects again by itself waits longer each time, up to a minute: so long the first
    // requests would wait when etcd is back.
    configuration.connectionPool.retryConnectionEstablishment = false
    // Each watch holds one.
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1000
    return configuration
  }
}
