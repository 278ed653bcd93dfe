import Foundation
import Resilience
import ResilienceTestKit
import Synchronization
import Testing

@testable import tour

/// Every example says, in virtual time, what the transcript of its name holds; `UPDATE_TRANSCRIPTS=1 swift
/// test` writes them.
@Suite struct TourTests {
  @Test(arguments: examples.map(\.name))
  func anExampleSaysWhatItsTranscriptHolds(name: String) throws {
    let example = try #require(examples.first { $0.name == name })
    let lines = Transcript()
    try Simulation(seed: 1).run { _ in try await example.run { lines.add($0) } }
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Transcripts/\(name).txt")
    if ProcessInfo.processInfo.environment["UPDATE_TRANSCRIPTS"] != nil {
      try lines.text.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(lines.text == (try String(contentsOf: file, encoding: .utf8)))
  }

  /// On the system clock, with real waits.
  @Test(arguments: examples.map(\.name))
  func anExampleRunsOutsideTheSimulatorToo(name: String) async throws {
    let example = try #require(examples.first { $0.name == name })
    let lines = Transcript()
    try await example.run { lines.add($0) }
    #expect(!lines.text.isEmpty)
  }
}

private final class Transcript: Sendable {
  private let lines = Mutex<[String]>([])

  var text: String { lines.withLock { $0 }.map { "\($0)\n" }.joined() }

  func add(_ line: String) { lines.withLock { $0.append(line) } }
}
