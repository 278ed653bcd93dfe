import Foundation
import Resilience
import Testing

@Suite struct ReadmeTests {
  private func text(_ path: String) throws -> String {
    try String(contentsOf: packageRoot.appending(path: path), encoding: .utf8)
  }

  @Test func theCompiledCodeDoesWhatTheReadmeSays() async throws {
    let charge = try await readmeQuickStart(Order()).charge
    #expect(
      charge.description
        == "payment: deadline 3 s → retry 3 (exponential 50 ms…20 s, full jitter) → circuit breaker payment → timeout 1 s"
    )
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
      let page = "Sources/\(product.name)/\(product.name).docc/\(product.name).md"
      #expect(readme.contains("| [`\(product.name)`](\(page)) |"))
    }
  }
}
