import Foundation
import Testing

/// What the README says of other files holds.
@Suite struct ReadmeLinksTests {
  private func text(_ path: String) throws -> String {
    try String(contentsOf: packageRoot.appending(path: path), encoding: .utf8)
  }

  private func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: packageRoot.appending(path: path).path)
  }

  @Test func everyLinkLeadsToAFile() throws {
    let links = try text("README.md").matches(of: /\]\(([^)#]+)[^)]*\)/).map { String($0.output.1) }
    #expect(links.count >= 15)
    // The nested packages are left out where the root is tested alone.
    for link in links
    where exists("Examples") || !link.hasPrefix("Examples/") && !link.hasPrefix("Tests/Benchmarks/") {
      #expect(exists(link), "the README links to \(link)")
    }
  }

  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: packageRoot.appending(path: "Tests/Benchmarks").path))
  )
  func theCostsAreThoseOfTheBaseline() throws {
    let rows = try text("README.md").matches(of: /\| `([^`]+)` \| ([0-9]+) \| ([0-9]+) \|/)
    #expect(rows.count == 7)
    let baseline = try text("Tests/Benchmarks/baseline.txt").split(separator: "\n")
    for row in rows {
      let (_, name, instructions, allocations) = row.output
      let figures = baseline.first { $0.hasSuffix("   \(name)") }?.split(separator: " ") ?? []
      #expect(figures.first == instructions, "instructions of \(name)")
      #expect(Double(figures[1])?.rounded() == Double(allocations), "allocations of \(name)")
    }
  }
}
