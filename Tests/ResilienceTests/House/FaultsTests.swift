import Foundation
import Testing

/// `Tests/FAULTS.md` says what each numbered test holds, and where it is.
@Suite struct FaultsTests {
  private let page: String
  private let testsOfRows: [Int: Set<String>]

  init() throws {
    page = try String(contentsOf: packageRoot.appending(path: "Tests/FAULTS.md"), encoding: .utf8)
    var tests: [Int: Set<String>] = [:]
    let root = packageRoot.path + "/"
    for file in SourceRules.swiftFiles(below: packageRoot.appending(path: "Tests"))
    where !file.path.contains("/.build/") {
      let path = file.path.replacingOccurrences(of: root, with: "")
      for match in try String(contentsOf: file, encoding: .utf8).matches(of: /func row(\d+)_/) {
        if let row = Int(match.1) { tests[row, default: []].insert(path) }
      }
    }
    testsOfRows = tests
  }

  @Test func everyNumberedTestIsOnThePage() {
    #expect(testsOfRows.count > 70)
    var lines: [Int: String] = [:]
    for line in page.split(separator: "\n") {
      if let match = line.prefixMatch(of: /\| *(\d+) *\|/), let row = Int(match.1) {
        lines[row] = String(line)
      }
    }
    for (row, files) in testsOfRows.sorted(by: { $0.key < $1.key }) {
      for file in files {
        #expect(
          lines[row]?.contains("`\(file)`") == true,
          "row \(row) is tested in \(file), which its line does not name")
      }
    }
  }

  @Test func everyFileThatThePageNamesIsThere() {
    let paths = page.matches(of: /`(Tests\/[^`]*\.swift)`/).map { String($0.1) }
    #expect(paths.count > 70)
    for path in Set(paths) {
      #expect(FileManager.default.fileExists(atPath: packageRoot.appending(path: path).path), "\(path)")
    }
  }
}
