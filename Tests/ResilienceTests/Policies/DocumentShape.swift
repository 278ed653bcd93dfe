/// What may stand at a place of a document: the grammar of policies, told a second time.
indirect enum DocumentShape: Sendable {
  case flag
  case integer(ClosedRange<Int64>)
  case number(ClosedRange<Double>)
  /// In nanoseconds.
  case duration(ClosedRange<Int64>)
  case choice([String])
  /// Any text, such as these.
  case text([String])
  /// At least one.
  case list(of: DocumentShape)
  case object(ObjectShape)
  /// Any of several.
  case either([DocumentShape])
  /// A number that is out of its range is refused by the policy that it is part of, not by itself.
  case unchecked(DocumentShape)
  /// Nothing is known of it.
  case anything

  static let duration = DocumentShape.duration(0...Int64.max)
  /// More than zero.
  static let positiveDuration = DocumentShape.duration(1...Int64.max)
  static let share = DocumentShape.number(0...1)
  static func integer(_ range: PartialRangeFrom<Int64>) -> DocumentShape {
    .integer(range.lowerBound...Int64.max)
  }

  /// A document that is as it must be.
  func valid(_ draw: Draw) -> DocumentNode {
    switch self {
    case .flag: DocumentNode(.flag(draw.below(2) == 0), self)
    case .integer(let range): DocumentNode(.integer(draw.integer(in: range)), self)
    case .number(let range): DocumentNode(.number(draw.number(in: range)), self)
    case .duration(let range): DocumentNode(.text(DocumentDuration.draw(range, draw)), self)
    case .choice(let texts), .text(let texts): DocumentNode(.text(draw.one(of: texts)), self)
    case .list(let shape): DocumentNode(.list((0...draw.below(4)).map { _ in shape.valid(draw) }), self)
    case .object(let object): object.valid(draw, self)
    case .either(let shapes): Self.valid(draw.one(of: shapes), or: shapes, draw)
    case .unchecked(let shape): DocumentNode(shape.valid(draw).value, self)
    case .anything: Self.junk(draw)
    }
  }

  private static func valid(_ shape: DocumentShape, or shapes: [DocumentShape], _ draw: Draw) -> DocumentNode
  {
    var node = shape.valid(draw)
    node.alternatives = shapes
    return node
  }
}

/// The fields of an object, and what they have to do with one another.
struct ObjectShape: Sendable {
  /// What a refusal names.
  enum Culprit {
    case field(String)
    case itself
  }

  typealias Fault = @Sendable (inout DocumentNode, Draw) -> Culprit?

  var required: [(String, DocumentShape)] = []
  /// Is always there, but it is not the field that is at fault when it is not.
  var always: [(String, DocumentShape)] = []
  /// Each may be null, too, and is then left out, or means none.
  var optional: [(String, DocumentShape)] = []
  /// Makes the fields of an object, each of which is in its range, fit each other.
  var mend: @Sendable (inout DocumentNode, Draw) -> Void = { _, _ in }
  /// Makes them not fit; says what is then at fault, or `nil` when there is nothing to be done here.
  var faults: [Fault] = []
  /// How an error shows the default of a field that is left out and does not fit the others.
  var defaults: [String: String] = [:]

  func valid(_ draw: Draw, _ shape: DocumentShape) -> DocumentNode {
    var fields = (required + always).map { (name: $0, node: $1.valid(draw)) }
    for (name, shape) in optional where draw.below(2) == 0 {
      fields.append((name, draw.below(12) == 0 ? DocumentNode(.null, shape) : shape.valid(draw)))
    }
    if fields.count > 1 { fields.swapAt(0, draw.below(fields.count)) }
    var node = DocumentNode(.object(fields), shape)
    mend(&node, draw)
    return node
  }
}

extension DocumentShape {
  static func object(
    required: [(String, DocumentShape)] = [], always: [(String, DocumentShape)] = [],
    _ optional: [(String, DocumentShape)] = [],
    mend: @escaping @Sendable (inout DocumentNode, Draw) -> Void = { _, _ in },
    faults: [ObjectShape.Fault] = [], defaults: [String: String] = [:]
  ) -> DocumentShape {
    .object(
      ObjectShape(
        required: required, always: always, optional: optional, mend: mend, faults: faults,
        defaults: defaults))
  }
}
