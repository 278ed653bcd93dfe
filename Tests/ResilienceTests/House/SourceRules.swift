import Foundation

/// The rules of the house about the files themselves.
enum SourceRules {
  static let topLevel: Set<String> = [
    "Package.swift", "Sources", "Tests", "Examples", "CHANGELOG.md", "README.md", "LICENSE",
  ]
  static let maximumLines = 350
  static let reservedFunctions = ["retry", "withTimeout", "withDeadline"]

  static func violations(inFile name: String, _ text: String) -> [String] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var violations: [String] = []
    if lines.count > maximumLines {
      violations.append("\(name) has \(lines.count) lines, more than \(maximumLines)")
    }
    for line in lines {
      let words = line.split(separator: " ")
      let imported = words.firstIndex(of: "import").flatMap { words.dropFirst($0 + 1).first }
      if imported?.hasPrefix("Foundation") == true { violations.append("\(name) imports Foundation") }
      // Whatever stands before it, a line that is not indented is at the top level.
      guard line.first?.isWhitespace == false, !line.hasPrefix("//") else { continue }
      for function in reservedFunctions
      where line.contains("func \(function)(") || line.contains("func \(function)<") {
        violations.append("\(name) declares a top-level function \(function)")
      }
    }
    return violations
  }

  static func violations(inTopLevel names: [String]) -> [String] {
    names.filter { !$0.hasPrefix(".") && !topLevel.contains($0) }.sorted().map {
      "\($0) does not belong at the top level"
    }
  }

  static func swiftFiles(below root: URL) -> [URL] {
    let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
    return (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
      .sorted { $0.path < $1.path }
  }
}
