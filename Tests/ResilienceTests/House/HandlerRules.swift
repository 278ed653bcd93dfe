/// The rules of the house about handlers: what a layer must tell the others, and how it calls what it wraps.
enum HandlerRules {
  /// Handlers that the layers treat as somebody else's, and why.
  static let foreign = [
    "ScriptedHandler": "stands for a leaf of somebody else's, and is called as one",
    "SimulatedService": "stands for a leaf of somebody else's, and is called as one",
  ]

  private static let conformances: Set = ["Handler", "HandlerDecorator", "RetriesInside"]

  static func violations(inFile name: String, _ text: String) -> [String] {
    let code = text.split(separator: "\n", omittingEmptySubsequences: false)
      .filter { !$0.drop(while: \.isWhitespace).hasPrefix("//") }.joined(separator: "\n")
    return declarations(in: code).compactMap { type, clause in
      let names = Set(clause)
      guard !names.isDisjoint(with: conformances), !names.contains("BuiltInHandler"), foreign[type] == nil
      else { return nil }
      return "\(name): \(type) is no BuiltInHandler: the layers around it prepare for the worst"
    }
      + code.matches(of: #/\b(\w+)\.handle\(/#).filter { $0.output.1 != "hidden" }.map {
        "\(name) calls \($0.output.1).handle: perform binds the context where that is needed"
      }
  }

  /// The types that the file declares or extends, with what they conform to there.
  private static func declarations(in code: String) -> [(type: String, conformances: [String])] {
    code.matches(of: #/\b(?:struct|class|actor|enum|extension) ([A-Z]\w*)/#).compactMap { match in
      var depth = 0
      var clause = ""
      for character in code[match.range.upperBound...] {
        if character == "{" { break }
        if character == "<" { depth += 1 }
        if depth == 0 { clause.append(character) }
        if character == ">" { depth -= 1 }
      }
      let head = clause.firstRange(of: #/\bwhere\b/#).map { clause[..<$0.lowerBound] } ?? clause[...]
      guard let colon = head.firstIndex(of: ":") else { return nil }
      let names = head[colon...].dropFirst().split { ", \n".contains($0) }
      return (String(match.output.1), names.map(String.init))
    }
  }
}
