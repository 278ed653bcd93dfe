public import ResilienceCore

extension EncodedEvent {
  /// Writes the binary form, as the HTTP binding of CloudEvents has it: a field `ce-…` for each attribute,
  /// percent-encoded, and `content-type`. The body is ``data``.
  ///
  /// Fields of attributes that the event does not have are removed, as far as their names are known: what was
  /// there may be another event's.
  public func writeFields(into carrier: inout some ContextCarrier) {
    var absent = Set(Self.attributeNames + OwnExtensions.names)
    for (name, value) in attributes where name != "datacontenttype" {
      absent.remove(name)
      carrier.set(FieldText.encode(value.description), forName: "ce-\(name)")
    }
    for name in absent.sorted() { carrier.removeValues(forName: "ce-\(name)") }
    if let contentType {
      carrier.set(contentType, forName: "content-type")
    } else {
      carrier.removeValues(forName: "content-type")
    }
  }

  /// The binary form as names, in lower case, and values.
  public var fields: [(name: String, value: String)] {
    var carrier = FieldCarrier<[(name: String, value: String)]>([], through: .pairs)
    writeFields(into: &carrier)
    return carrier.fields
  }

  /// Reads an event from a message's header fields and body: the binary form, or the JSON form where the
  /// content type says so.
  ///
  /// - Parameters:
  ///   - fields: Those of the message; names in any case, and other fields among them.
  ///   - body: The message's body; `nil` for an event without data.
  /// - Throws: ``InvalidEvent``: an attribute is missing, there twice, or not allowed; a value is not
  ///   percent-encoded UTF-8; `specversion` is another one than 1.0.
  public init(
    fields: some Sequence<(name: String, value: String)>, body: [UInt8]?
  ) throws(InvalidEvent) {
    var found: [String: String] = [:]
    for (name, value) in fields {
      let name = name.lowercased()
      guard name == "content-type" || name.hasPrefix("ce-") else { continue }
      guard found.updateValue(value, forKey: name) == nil else {
        throw InvalidEvent(field: name, value: value, problem: "must not be there twice")
      }
    }
    try self.init(found, body: body)
  }

  /// The same of fields that have one value each.
  public init(fields: [String: String], body: [UInt8]?) throws(InvalidEvent) {
    try self.init(fields: fields.map { (name: $0.key, value: $0.value) }, body: body)
  }

  /// The same of a carrier, which cannot say what names it has.
  ///
  /// - Parameters:
  ///   - carrier: The message's fields.
  ///   - extensions: The names of the extension attributes to look for, beside those that this package writes
  ///     and `tracestate` and `partitionkey`. Default: none.
  ///   - body: The message's body; `nil` for an event without data.
  /// - Throws: ``InvalidEvent``.
  public init(
    carrier: some ContextCarrier, extensions: [String] = [], body: [UInt8]?
  ) throws(InvalidEvent) {
    let names = Self.attributeNames + OwnExtensions.names + ["tracestate", "partitionkey"] + extensions
    var fields: [(name: String, value: String)] = []
    for name in ["content-type"] + Set(names).sorted().map({ "ce-\($0)" }) {
      carrier.forEachValue(forName: name) { fields.append((name, $0)) }
    }
    try self.init(fields: fields, body: body)
  }

  private init(_ fields: [String: String], body: [UInt8]?) throws(InvalidEvent) {
    let contentType = fields["content-type"]
    switch contentType.map({ MediaType($0).name }) {
    case Self.jsonContentType:
      try self.init(json: body ?? [])
      return
    case let format? where format.hasPrefix("application/cloudevents"):
      throw InvalidEvent(field: "content-type", value: format, problem: "must be a form that is read here")
    default: break
    }
    var attributes = AttributeReader()
    for (field, value) in fields where field != "content-type" {
      guard let text = FieldText.decode(value) else {
        throw InvalidEvent(field: field, value: value, problem: "must be percent-encoded UTF-8")
      }
      attributes[String(field.dropFirst(3))] = .string(text)
    }
    guard attributes["datacontenttype"] == nil else {
      throw InvalidEvent(
        field: "ce-datacontenttype", value: fields["ce-datacontenttype"] ?? "",
        problem: "must not be there beside content-type")
    }
    attributes["datacontenttype"] = contentType.map { .string($0) }
    self = try attributes.event(data: body)
  }
}
