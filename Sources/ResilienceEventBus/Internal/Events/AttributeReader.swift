internal import ResilienceCore

/// The attributes of an event as they came, and the event that they make.
struct AttributeReader {
  private var values: [String: ExtensionValue] = [:]

  subscript(name: String) -> ExtensionValue? {
    get { values[name] }
    set { values[name] = newValue }
  }

  func event(data: [UInt8]?) throws(InvalidEvent) -> EncodedEvent {
    guard try text("specversion") == EventEnvelope.specVersion else {
      throw InvalidEvent(
        field: "specversion", value: values["specversion"]?.description ?? "",
        problem: "must be \(EventEnvelope.specVersion)")
    }
    return try EncodedEvent(
      id: try required("id"), source: try required("source"), type: try required("type"),
      subject: try text("subject"), time: try time(), contentType: try text("datacontenttype"),
      dataSchema: try text("dataschema"),
      extensions: values.filter { !EncodedEvent.attributeNames.contains($0.key) }, data: data)
  }

  private func required(_ name: String) throws(InvalidEvent) -> String {
    if let text = try text(name) { return text }
    throw InvalidEvent(field: name, value: "", problem: "must not be missing")
  }

  private func text(_ name: String) throws(InvalidEvent) -> String? {
    switch values[name] {
    case nil: return nil
    case .string(let text): return text
    case let value?: throw InvalidEvent(field: name, value: "\(value)", problem: "must be a text")
    }
  }

  private func time() throws(InvalidEvent) -> UnixTime? {
    guard let text = try text("time") else { return nil }
    if let time = UnixTime(rfc3339: text) { return time }
    throw InvalidEvent(
      field: "time", value: text, problem: "must be a time as RFC 3339 has it, from 1678 to 2261")
  }
}

extension EncodedEvent {
  /// All attributes in the order in which they are written.
  var attributes: [(name: String, value: ExtensionValue)] {
    var all: [(name: String, value: ExtensionValue)] = [
      ("specversion", .string(EventEnvelope.specVersion)), ("id", .string(id)),
      ("source", .string(source)), ("type", .string(type)),
    ]
    if let subject { all.append(("subject", .string(subject))) }
    if let time { all.append(("time", .string("\(time)"))) }
    if let contentType { all.append(("datacontenttype", .string(contentType))) }
    if let dataSchema { all.append(("dataschema", .string(dataSchema))) }
    return all + extensions.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
  }
}
