import Foundation

/// The rules of the house about the files themselves.
enum SourceRules {
  static let topLevel: Set<String> = [
    "Package.swift", "Sources", "Tests", "Examples", "CHANGELOG.md", "README.md", "LICENSE",
  ]
  static let maximumLines = 350
  static let maximumCommentWidth = 110
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

  /// Comments wrap where code does; code, tables and what cannot be broken stay as they are.
  static func violations(inCommentsOf name: String, _ text: String) -> [String] {
    var isCode = false
    return text.split(separator: "\n").enumerated().compactMap { number, line in
      let comment = line.drop { $0 == " " }
      guard comment.hasPrefix("//") else { return nil }
      let words = comment.drop { $0 == "/" || $0 == " " }
      if words.hasPrefix("```") { isCode.toggle() }
      guard line.count > maximumCommentWidth, !isCode, !words.hasPrefix("|"), !line.contains(/`[^`]{60,}`/)
      else { return nil }
      return
        "the comment \"\(words.prefix(20))…\" in \(name) is longer than \(maximumCommentWidth) characters"
    }
  }

  /// A module's folders on top are its public concepts; what has nothing public belongs below `Internal`.
  static func violations(inLayout path: String, _ text: String, types: Set<String>) -> [String] {
    let parts = path.split(separator: "/")
    guard parts.count > 1, parts[0] != "Resilience" else { return [] }
    if parts.count == 2 { return ["\(path) stands beside the folders of its module"] }
    guard parts[1] != "Internal", !isPublic(text) else { return [] }
    let owner = parts[parts.count - 1].prefix { $0 != "+" && $0 != "." }
    return types.contains(String(owner)) ? [] : ["\(path) has nothing public: it belongs below Internal"]
  }

  static func isPublic(_ text: String) -> Bool {
    text.replacing("public import", with: "").contains(#/(?m)^ *(@\w+(\([^)]*\))? )*public /#)
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

extension SourceRules {
  /// A closure without a label goes to the first optional one: that is `onEvent`, wherever there is one.
  static func violations(inClosuresOf path: String, _ text: String) -> [String] {
    let parts = text.components(separatedBy: "onEvent: (@Sendable")
    return parts.dropLast().compactMap { part in
      let declared = part.components(separatedBy: "func ").last ?? ""
      let signature = declared.components(separatedBy: "init(").last ?? ""
      return signature.contains(")? = nil") ? "a closure stands before onEvent in \(path)" : nil
    }
  }
}
