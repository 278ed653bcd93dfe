/// A document, and at each place of it what may stand there.
struct DocumentNode: Sendable {
  typealias Object = [(name: String, node: DocumentNode)]

  enum Value: Sendable {
    case null
    case flag(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([DocumentNode])
    case object(Object)
  }

  var value: Value
  var shape: DocumentShape
  /// What else might have stood here, and would be no fault.
  var alternatives: [DocumentShape] = []

  init(_ value: Value, _ shape: DocumentShape = .anything) {
    (self.value, self.shape) = (value, shape)
  }

  /// As it is written.
  var json: String {
    switch value {
    case .null: "null"
    case .flag(let flag): "\(flag)"
    case .integer(let number): "\(number)"
    // What is no number is text, for a decoder that reads it as one.
    case .number(let number): number.isFinite ? "\(number)" : "\"\(number)\""
    case .text(let text): Self.quoted(text)
    case .list(let nodes): "[" + nodes.map(\.json).joined(separator: ",") + "]"
    case .object(let fields):
      "{" + fields.map { "\(Self.quoted($0.name)):\($0.node.json)" }.joined(separator: ",") + "}"
    }
  }

  /// As an error shows it.
  var found: String {
    switch value {
    case .null: "null"
    case .flag(let flag): "\(flag)"
    case .integer(let number): "\(number)"
    case .number(let number): Int64(exactly: number).map { "\($0)" } ?? "\(number)"
    case .text(let text): "\"\(text)\""
    case .list(let nodes): nodes.isEmpty ? "[]" : "[…]"
    case .object(let fields): fields.isEmpty ? "{}" : "{…}"
    }
  }

  /// No text here has anything to escape.
  private static func quoted(_ text: String) -> String { "\"\(text)\"" }
}

// MARK: - Places

extension DocumentNode {
  enum Step: Sendable {
    case field(String)
    case element(Int)
  }

  typealias Path = [Step]

  /// The places of the document, itself the first.
  var places: [Path] {
    switch value {
    case .list(let nodes):
      [[]] + nodes.indices.flatMap { index in nodes[index].places.map { [.element(index)] + $0 } }
    case .object(let fields):
      [[]] + fields.flatMap { field in field.node.places.map { [.field(field.name)] + $0 } }
    case .null, .flag, .integer, .number, .text: [[]]
    }
  }

  subscript(path: ArraySlice<Step>) -> DocumentNode {
    get {
      switch (path.first, value) {
      case (.field(let name)?, .object(let fields)):
        fields.first { $0.name == name }?.node[path.dropFirst()] ?? DocumentNode(.null)
      case (.element(let index)?, .list(let nodes)): nodes[index][path.dropFirst()]
      default: self
      }
    }
    set {
      switch (path.first, value) {
      case (.field(let name)?, .object(var fields)):
        for index in fields.indices where fields[index].name == name {
          fields[index].node[path.dropFirst()] = newValue
        }
        value = .object(fields)
      case (.element(let index)?, .list(var nodes)):
        nodes[index][path.dropFirst()] = newValue
        value = .list(nodes)
      default: self = newValue
      }
    }
  }

  /// As an error names it.
  static func name(_ path: Path) -> String {
    let name = path.reduce(into: "") { name, step in
      switch step {
      case .field(let field): name += name.isEmpty ? field : ".\(field)"
      case .element(let index): name += "[\(index)]"
      }
    }
    return path.isEmpty ? "document" : name
  }
}

// MARK: - Fields

extension DocumentNode {
  private var fields: Object {
    if case .object(let fields) = value { fields } else { [] }
  }

  /// A field of an object; `nil` if it is left out, or null.
  func field(_ name: String) -> DocumentNode? {
    guard let node = fields.first(where: { $0.name == name })?.node else { return nil }
    if case .null = node.value { return nil }
    return node
  }

  func has(_ name: String) -> Bool { fields.contains { $0.name == name } }

  func integer(_ name: String) -> Int64? {
    guard case .integer(let number) = field(name)?.value else { return nil }
    return number
  }

  /// A duration in nanoseconds.
  func duration(_ name: String) -> Int64? {
    guard case .text(let text) = field(name)?.value else { return nil }
    return DocumentDuration.nanoseconds(text)
  }

  /// Puts a value in the place of the field, which may have been left out.
  mutating func set(_ name: String, _ value: Value) {
    let shape = fields.first { $0.name == name }?.node.shape ?? .anything
    self.value = .object(fields.filter { $0.name != name } + [(name, DocumentNode(value, shape))])
  }

  mutating func remove(_ name: String) {
    value = .object(fields.filter { $0.name != name })
  }
}
