import Hummingbird
import Logging
import NIOCore
import NIOPosix
import ResilienceHub
import ServiceLifecycle

/// Runs a server on a port of the system's choice while `body` runs, and shuts it down.
///
/// - Parameter isGraceful: Whether requests that are under way are waited for.
func withServer<Result: Sendable>(
  _ router: Router<BasicRequestContext>, gracefully isGraceful: Bool = false,
  _ body: @Sendable (_ port: Int) async throws -> Result
) async throws -> Result {
  let (ports, found) = AsyncStream.makeStream(of: Int.self)
  var logger = Logger(label: "test")
  logger.logLevel = .critical
  let app = Application(
    router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
    onServerRunning: { found.yield($0.localAddress?.port ?? 0) }, logger: logger)
  let group = ServiceGroup(configuration: .init(services: [app], logger: logger))
  return try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { try await group.run() }
    var iterator = ports.makeAsyncIterator()
    let port = await iterator.next() ?? 0
    defer { tasks.cancelAll() }
    let result = try await body(port)
    if isGraceful {
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
    return result
  }
}

/// Serves a hub, and hands its endpoint over.
func withHub<Result: Sendable>(
  _ hub: Hub, _ body: @Sendable (_ endpoint: String) async throws -> Result
) async throws -> Result {
  let router = Router()
  router.addHub(hub)
  return try await withServer(router) { try await body("http://127.0.0.1:\($0)/hub") }
}

/// A port on which nobody listens: it was taken a moment ago, and given back.
func freePort() async throws -> Int {
  let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    .bind(host: "127.0.0.1", port: 0).get()
  let port = channel.localAddress?.port ?? 0
  try await channel.close()
  return port
}
