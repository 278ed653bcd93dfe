import Foundation
import Resilience
import Testing

@Suite struct ReadmeTests {
  private func text(_ path: String) throws -> String {
    try String(contentsOf: packageRoot.appending(path: path), encoding: .utf8)
  }

  @Test func theCompiledCodeDoesWhatTheReadmeSays() async throws {
    _ = try await readmeQuickStart(Order())
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
