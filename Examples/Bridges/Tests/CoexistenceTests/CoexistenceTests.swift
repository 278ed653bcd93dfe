import Foundation
import Testing

/// No public name of the toolkit and of the bridges collides with one of the modules that a server imports beside
/// them. That `EveryName.swift` compiles is the proof; what is tested here is that it has every name.
@Suite struct CoexistenceTests {
  @Test func everyPublicTypeIsNamed() throws {
    let names = try publicTypes(below: Self.root.appending(path: "Sources"))
    #expect(names.count > 150)
    let bridges = try publicTypes(below: Self.root.appending(path: "Examples/Bridges/Sources"))
    #expect(bridges.count > 20)
    let file = Self.folder.appending(path: "EveryName.swift")
    let text = try String(contentsOf: file, encoding: .utf8)
    let named = text.matches(of: #/typealias (\w+)_ = (?:\w+\.)?(\w+)\n/#).map {
      (String($0.output.1), String($0.output.2))
    }
    for (alias, name) in named where alias != name { Issue.record("\(alias)_ stands for \(name)") }
    let (have, want) = (Set(named.map(\.1)), names.union(bridges))
    for name in want.subtracting(have).sorted() {
      Issue.record("EveryName.swift lacks `typealias \(name)_ = \(name)`")
    }
    for name in have.subtracting(want).sorted() {
      Issue.record("EveryName.swift has \(name), which is no public type")
    }
  }

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

  private static let root = folder.appending(path: "../../../..").standardized
}

/// The public types at the top level of Swift files.
private func publicTypes(below folder: URL) throws -> Set<String> {
  var names: Set<String> = []
  let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
  for case let file as URL in files ?? .init() where file.pathExtension == "swift" {
    let text = try String(contentsOf: file, encoding: .utf8)
    for line in text.split(separator: "\n") where line.first?.isWhitespace == false && !line.hasPrefix("//") {
      let declaration = #/\bpublic (?:[a-z()]+ )*?(?:struct|class|enum|protocol|actor|typealias) (\w+)/#
      if let match = line.firstMatch(of: declaration) { names.insert(String(match.output.1)) }
    }
  }
  return names
}
