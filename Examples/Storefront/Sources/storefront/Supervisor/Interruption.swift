import Foundation
import UnixSignals

/// SIGINT and SIGTERM cancel what runs, and it cleans up.
enum Interruption {
  static func watching(_ body: @escaping @Sendable () async throws -> Void) async throws {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    try await withThrowingTaskGroup { group in
      group.addTask { try await body() }
      group.addTask {
        for await _ in signals { throw CancellationError() }
      }
      do {
        try await group.next()
      } catch is CancellationError {}
      group.cancelAll()
      while let result = await group.nextResult() {
        if case .failure(let error) = result, !(error is CancellationError) { throw error }
      }
    }
  }
}
