import Foundation
import Resilience
import Testing

@Suite struct ReadmeTests {
  /// The Swift blocks of a text, each as its lines without common indentation.
  private func swiftBlocks(_ markdown: String) -> [[String]] {
    var blocks: [[String]] = []
    var current: [String]?
    for line in markdown.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line == "```swift" {
        current = []
      } else if line == "```", let block = current {
        blocks.append(block)
        current = nil
      } else {
        current?.append(line)
      }
    }
    return blocks
  }

  private func squeezed(_ lines: [String]) -> String {
    lines.map { $0.split(separator: " ").joined(separator: " ") }.filter { !$0.isEmpty }.joined(
      separator: "\n")
  }

  private func text(_ path: String) throws -> String {
    try String(contentsOf: packageRoot.appending(path: path), encoding: .utf8)
  }

  @Test(arguments: [
    ("README.md", "Tests/ResilienceTests/ReadmeExamples.swift", 4),
    (
      "Sources/ResilienceTestKit/ResilienceTestKit.docc/TestYourOwnService.md",
      "Tests/ResilienceTests/SimulatorPageExamples.swift", 3
    ),
    (
      "Sources/ResilienceCore/ResilienceCore.docc/WriteYourOwnDecorator.md",
      "Tests/ResilienceTests/DecoratorPageExamples.swift", 2
    ),
  ])
  func everyBlockOfCodeIsCompiledAsItStands(page: String, source: String, count: Int) throws {
    let compiled = squeezed(try text(source).split(separator: "\n").map(String.init))
    let blocks = swiftBlocks(try text(page))
    #expect(blocks.count == count)
    // The manifest's lines are for the user's package, and the imports stand at the top of the file.
    for block in blocks where !block.contains("// Package.swift") {
      let code = squeezed(block.filter { !$0.hasPrefix("import ") })
      #expect(compiled.contains(code), "not compiled: \(code)")
    }
  }

  @Test func theCompiledCodeDoesWhatTheReadmeSays() async throws {
    let charge = try await readmeQuickStart(Order()).charge
    #expect(
      charge.description
        == "payment: deadline 3 s → retry 3 (exponential 50 ms…20 s, full jitter) → circuit breaker payment → timeout 1 s"
    )
    let changed = #"{"payment": {"timeout": "2s"}}"#
    let stacks = try await readmeStandardStack(JSONDecoder(), Data("{}".utf8), Data(changed.utf8)).stacks
    #expect(stacks["payment"].policy.timeout == TimeLimit(.seconds(2)))
    let counted = try await decoratorPageUse(payments)
    #expect(counted.description == "payment: retry 3 (exponential 50 ms…20 s, full jitter) → counted")
    #expect((counted.failures, counted.others) == (0, 1))
    #expect(await readmeTable() == Array(repeating: "mug", count: 10))
    let account = Account()
    try await account.refresh()
    #expect(await account.balance == 42)
    let call = readmeClassify(CircuitBreaker("shipping"))
    #expect(call.outcome(ofValue: Response(status: 500, retryAfter: .zero)) == .failure)
    #expect(
      call.outcome(ofValue: Response(status: 503, retryAfter: .seconds(3))).verdictOnDestination == .failure)
    #expect(
      call.outcome(ofValue: Response(status: 429, retryAfter: .seconds(2)))
        == .failure(.retryAfter(.seconds(2))))
    #expect(try await readmeEvents(Order()).groups.map(\.delivered) == [1])
    #expect(try readmeSimulation() == Instant(nanoseconds: 120_000_000_000))
  }

  @Test func theCommandsOfTheReadmeAreRunByContinuousIntegration() throws {
    let script = try text(".ci/run")
    let readme = try text("README.md")
    for command in ["swift run --package-path Examples/Shop", "swift test"] {
      #expect(readme.contains("```\n\(command)\n```"))
      #expect(script.split(separator: "\n").contains { $0 == command })
    }
  }

  @Test func everyModuleIsInTheTable() throws {
    let readme = try text("README.md")
    for product in try PackageModel.describe(packageRoot).products {
      #expect(readme.contains("| `\(product.name)` |"))
    }
  }
}
