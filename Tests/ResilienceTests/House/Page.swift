import Foundation

/// A page of documentation, with its blocks of code.
struct Page: Sendable {
  struct Block: Sendable, Equatable {
    /// What follows the three backticks: `swift`, or nothing.
    var language: String
    var text: String
    /// The heading that it stands under.
    var heading: String
  }

  /// From the root of the package.
  let path: String
  let blocks: [Block]

  /// `Cookbook` of `Sources/Resilience/Resilience.docc/Cookbook.md`.
  var name: String { String(path.split(separator: "/").last?.dropLast(3) ?? "") }

  var code: [Block] { blocks.filter { $0.language == "swift" } }

  init(path: String, text: String) {
    self.path = path
    var blocks: [Block] = []
    var heading = ""
    var open: (language: String, lines: [Substring])?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        if let block = open {
          blocks.append(
            Block(language: block.language, text: block.lines.joined(separator: "\n"), heading: heading))
          open = nil
        } else {
          open = (String(line.dropFirst(3)), [])
        }
      } else if open != nil {
        open?.lines.append(line)
      } else if line.hasPrefix("#") {
        heading = line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces)
      }
    }
    self.blocks = blocks
  }

  /// The README, and every page below `Sources` and `Examples`.
  static func all(below root: URL) throws -> [Page] {
    var paths = ["README.md"]
    for folder in ["Sources", "Examples"] {
      let files = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
      while let file = files?.nextObject() as? String {
        let isBuilt = file.split(separator: "/").contains { $0.hasPrefix(".build") }
        if file.hasSuffix(".md"), !isBuilt { paths.append("\(folder)/\(file)") }
      }
    }
    return try paths.sorted().map { path in
      Page(path: path, text: try String(contentsOf: root.appending(path: path), encoding: .utf8))
    }
  }

  /// What compiles the page's code: the files of `Pages` that begin with its name; for an example's pages the
  /// sources of that example, and its tests.
  func sources(below root: URL) throws -> [URL] {
    if path.hasPrefix("Examples/") {
      let example = path.split(separator: "/")[1]
      return ["Sources", "Tests"].flatMap {
        SourceRules.swiftFiles(below: root.appending(path: "Examples/\(example)/\($0)"))
      }
    }
    let pages = SourceRules.swiftFiles(below: root.appending(path: "Tests/ResilienceTests/Pages"))
    return pages.filter {
      $0.lastPathComponent == "\(name)Examples.swift" || $0.lastPathComponent.hasPrefix("\(name)Examples+")
    }
  }

  /// The blocks that none of the texts holds, as they stand but for white space. Imports stand at the top of
  /// a file, and a manifest is for the user's package.
  func notCompiled(by texts: [String]) -> [Block] {
    let texts = texts.map(Self.squeezed)
    return code.filter { block in
      if block.text.contains("// Package.swift") { return false }
      let lines = block.text.split(separator: "\n").filter {
        !$0.hasPrefix("import ") && !$0.hasPrefix("@testable import ")
      }
      let code = Self.squeezed(lines.joined(separator: "\n"))
      return !texts.contains { $0.contains(code) }
    }
  }

  private static func squeezed(_ text: String) -> String { text.filter { !$0.isWhitespace } }
}
