/// A document with one fault, and how the refusal must name it.
struct DocumentFault: Sendable {
  let document: DocumentNode
  let field: String
  let value: String

  /// - Returns: `nil` when chance found nothing to break.
  init?(_ shape: DocumentShape, _ draw: Draw) {
    var document = shape.valid(draw)
    let path = draw.one(of: document.places)
    guard let fault = document[path[...]].broken(draw) else { return nil }
    document[path[...]] = fault.node
    let place = path + fault.path
    self.document = document
    field = DocumentNode.name(place)
    value = fault.absent ?? document[place[...]].found
  }
}

extension DocumentNode {
  struct Broken {
    var node: DocumentNode
    var path: Path = []
    /// How a field is shown that is at fault for not being there.
    var absent: String?
  }

  fileprivate func broken(_ draw: Draw) -> Broken? {
    if case .object(let object) = shape, case .object = value, draw.below(4) > 0 {
      return object.broken(self, draw)
    }
    let wrong = draw.below(2) == 0 ? shape.wrongValue(draw) : shape.wrongKind(draw, or: alternatives)
    return wrong.map { Broken(node: $0) }
  }
}

extension ObjectShape {
  fileprivate func broken(_ node: DocumentNode, _ draw: Draw) -> DocumentNode.Broken? {
    var node = node
    switch spoil(&node, draw) {
    case nil: return nil
    case .itself?: return DocumentNode.Broken(node: node)
    case .field(let name)?:
      return DocumentNode.Broken(
        node: node, path: [.field(name)], absent: node.has(name) ? nil : defaults[name] ?? "missing")
    }
  }

  private func spoil(_ node: inout DocumentNode, _ draw: Draw) -> Culprit? {
    switch draw.below(3) {
    case 0:
      let name = draw.one(of: ["typo", "Window", "max attempts", "backoff.base", "x", "0"])
      node.set(name, DocumentShape.junk(draw, orNull: true).value)
      return .field(name)
    case 1:
      guard !required.isEmpty else { return nil }
      let name = draw.one(of: required).0
      if draw.below(2) == 0 { node.set(name, .null) } else { node.remove(name) }
      return .field(name)
    default:
      return faults.isEmpty ? nil : draw.one(of: faults)(&node, draw)
    }
  }
}

// MARK: - Of values

extension DocumentShape {
  /// Something of the right kind, but not in its range.
  fileprivate func wrongValue(_ draw: Draw) -> DocumentNode? {
    switch self {
    case .integer(let range):
      let below = [Int64.min, range.lowerBound &- 1, 0, -1].filter { $0 < range.lowerBound }
      // The very largest number may have a meaning of its own.
      let above = [Int64.max - 1, range.upperBound &+ 1].filter { $0 > range.upperBound }
      let choices = below + above
      return choices.isEmpty ? nil : DocumentNode(.integer(draw.one(of: choices)))
    case .number(let range):
      let choices = [
        range.lowerBound.nextDown, range.upperBound.nextUp, -1, -.greatestFiniteMagnitude, .infinity,
        -.infinity, .nan,
      ].filter { !range.contains($0) }
      return DocumentNode(.number(draw.one(of: choices)))
    case .duration(let range):
      let choices = [0, range.lowerBound - 1, range.upperBound &+ 1, .max].filter {
        $0 >= 0 && !range.contains($0)
      }
      return draw.below(2) == 0 || choices.isEmpty
        ? DocumentNode(.text(draw.one(of: DocumentDuration.malformed)))
        : DocumentNode(.text(DocumentDuration.text(draw.one(of: choices), draw)))
    case .choice(let names):
      return DocumentNode(.text(draw.one(of: ["", "FULL", "Fifo", "other", names[0] + " "])))
    case .list: return DocumentNode(.list([]))
    case .either(let shapes): return draw.one(of: shapes).wrongValue(draw)
    case .flag, .object, .unchecked, .anything, .text: return nil
    }
  }

  /// Something of another kind.
  fileprivate func wrongKind(_ draw: Draw, or alternatives: [DocumentShape]) -> DocumentNode? {
    var choices: [DocumentNode] = [
      DocumentNode(.flag(draw.below(2) == 0)), DocumentNode(.integer(Int64(draw.below(1000)))),
      DocumentNode(.number(Double(draw.below(1000)) + 0.5)), DocumentNode(.text("7 days")),
      Self.junkList(draw), Self.junkObject(draw),
    ]
    choices.removeAll { node in ([self] + alternatives).contains { $0.accepts(node) } }
    return choices.isEmpty ? nil : draw.one(of: choices)
  }

  private func accepts(_ node: DocumentNode) -> Bool {
    switch (self, node.value) {
    case (.flag, .flag), (.integer, .integer), (.number, .integer), (.number, .number), (.list, .list),
      (.text, .text),
      (.object, .object), (.anything, _):
      true
    case (.either(let shapes), _): shapes.contains { $0.accepts(node) }
    case (.unchecked(let shape), _): shape.accepts(node)
    default: false
    }
  }

  // MARK: - Junk

  static func junk(_ draw: Draw, orNull: Bool = false) -> DocumentNode {
    switch draw.below(7) {
    case 0: DocumentNode(.flag(draw.below(2) == 0))
    case 1: DocumentNode(.integer(draw.integer(in: .min ... .max)))
    case 2: DocumentNode(.number(draw.number(in: -1e300...1e300)))
    case 3: DocumentNode(.text(draw.one(of: DocumentDuration.malformed)))
    case 4: junkList(draw)
    case 5: junkObject(draw)
    default: orNull ? DocumentNode(.null) : DocumentNode(.text("5s"))
    }
  }

  private static func junkList(_ draw: Draw) -> DocumentNode {
    DocumentNode(.list(draw.below(2) == 0 ? [] : [junk(draw, orNull: true)]))
  }

  private static func junkObject(_ draw: Draw) -> DocumentNode {
    DocumentNode(.object(draw.below(2) == 0 ? [] : [("kind", junk(draw, orNull: true))]))
  }
}
