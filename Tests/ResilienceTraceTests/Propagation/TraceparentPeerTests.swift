import Foundation
import ResilienceCore
import ResilienceTestKit
import ResilienceTrace
import Testing

/// What `.ci/traceparent` compares with another implementation: it writes fields into the file that
/// `TRACEPARENT_CASES` names, and reads what came of them from `TRACEPARENT_RESULTS`.
@Suite struct TraceparentPeerTests {
  private struct Passed: Encodable {
    /// The parent as it was read; `nil` where there was none.
    var read: String?
    /// The span that was made of it.
    var span: String
    var fields: [String: String]
  }

  private static let environment = ProcessInfo.processInfo.environment

  @Test(.enabled(if: environment["TRACEPARENT_CASES"] != nil)) func fieldsArePassedOn() async throws {
    let cases = try #require(Self.environment["TRACEPARENT_CASES"])
    let results = try #require(Self.environment["TRACEPARENT_RESULTS"])
    let data = try Data(contentsOf: URL(filePath: cases))
    var passed: [Passed] = []
    for fields in try JSONDecoder().decode([[String: String]].self, from: data) {
      await CompositePropagator.w3c.withExtracted(from: fields) {
        let parent = CallContext.current.trace
        await CallTracer("peer").span("server") {
          var outgoing: [String: String] = [:]
          CompositePropagator.w3c.inject(.current, into: &outgoing)
          passed.append(
            Passed(
              read: parent.isPresent ? parent.traceparent : nil, span: CallContext.current.trace.traceparent,
              fields: outgoing))
        }
      }
    }
    try JSONEncoder().encode(passed).write(to: URL(filePath: results))
  }
}
