import AsyncHTTPClient
import ResilienceAsyncHTTPClient
import Synchronization

/// Makes a client for `body` and shuts it down.
func withClient<Result>(
  _ configuration: HTTPClient.Configuration = .resilient(), _ body: (HTTPClient) async throws -> Result
) async throws -> Result {
  let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  do {
    let result = try await body(client)
    try await client.shutdown()
    return result
  } catch {
    try? await client.shutdown()
    throw error
  }
}

/// When requests came.
final class Times: Sendable {
  private let times = Mutex<[Instant]>([])
  var all: [Instant] { times.withLock { $0 } }

  /// - Returns: How many there are.
  func append(_ time: Instant) -> Int {
    times.withLock { times in
      times.append(time)
      return times.count
    }
  }
}
