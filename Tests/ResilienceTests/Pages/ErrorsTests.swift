import Foundation
import Resilience
import Testing

@Suite struct ErrorsTests {
  /// `TimedOut` of `public struct TimedOut: Error, …`, in all modules.
  static func publicErrors() throws -> Set<String> {
    let files = SourceRules.swiftFiles(below: packageRoot.appending(path: "Sources"))
    return try files.reduce(into: []) { names, file in
      let text = try String(contentsOf: file, encoding: .utf8)
      let declaration = #/public (?:struct|enum|final class|actor) (\w+): ([^{]*)/#
      for match in text.matches(of: declaration)
      where match.output.2.split(whereSeparator: { !$0.isLetter }).contains(where: {
        $0 == "Error" || $0 == "Rejection"
      }) {
        names.insert(String(match.output.1))
      }
    }
  }

  @Test func everyPublicErrorIsOnThePage() throws {
    let page = try String(
      contentsOf: packageRoot.appending(path: "Sources/Resilience/Resilience.docc/Errors.md"), encoding: .utf8
    )
    let errors = try Self.publicErrors()
    #expect(errors.count >= 50)
    #expect(
      errors.isSuperset(of: ["TimedOut", "CircuitOpen", "FailedValue", "QueueFull", "SimulationError"]))
    for error in errors.sorted() { #expect(page.contains("/\(error)``"), "\(error) is not on the page") }
  }

  @Test func thePagesFunctionAnswersRefusalsWithTheTimeToComeBack() {
    let now = CallContext.current.readClock()
    let limited = RateLimited(
      limiter: "customers", reason: .noPermit, retryAt: now.advanced(by: .seconds(60)), at: now)
    #expect(answer(to: limited).status == 429)
    #expect(answer(to: limited).retryAfter == "60")
    #expect(answer(to: CircuitOpen(breaker: "payment", retryAt: nil)).status == 503)
    #expect(answer(to: DeadlineExceeded(overdue: .zero)).status == 504)
    #expect(answer(to: FallbackFailed(cause: nil, error: Unavailable())).status == 502)
  }
}
