internal import ResilienceCore

extension EncodedEvent {
  /// The media type of the JSON form of one event, `application/cloudevents+json`.
  public static let jsonContentType = "application/cloudevents+json"

  /// The media type of the JSON form of several events, `application/cloudevents-batch+json`.
  public static let jsonBatchContentType = "application/cloudevents-batch+json"

  /// Reads the JSON form of one event.
  ///
  /// ``data`` is just the bytes that the document has where the data is JSON, digit by digit; text of another
  /// media type is its UTF-8; what came as `data_base64` is decoded. Where the document says nothing of the
  /// media type, data that is a JSON value is `application/json`. Of members of one name the last counts, and
  /// `null` is none. Total: every input is read or refused.
  ///
  /// - Throws: ``InvalidEvent``, which names what is wrong: `specversion` for another one than 1.0, `JSON`
  ///   for what is no JSON or nested deeper than 256.
  public init(json: [UInt8]) throws(InvalidEvent) {
    self = try Self.event(JSONDocument(json).root, of: json)
  }

  /// The JSON form.
  ///
  /// Data that is a JSON value, and whose media type says so, is written as it is, else as `data_base64`.
  /// Extensions come in the order of their names, so that equal events have equal bytes.
  public func json() -> [UInt8] {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.bytes
  }

  /// Reads the JSON form of several events.
  ///
  /// - Throws: ``InvalidEvent`` for the first that is not valid: then none is read.
  public static func events(jsonBatch json: [UInt8]) throws(InvalidEvent) -> [EncodedEvent] {
    let document = try JSONDocument(json)
    guard case .array(let elements) = document.root else {
      throw InvalidEvent(field: "batch", value: document.root.kind, problem: "must be an array")
    }
    var events: [EncodedEvent] = []
    for element in elements { events.append(try event(element, of: json)) }
    return events
  }

  /// The JSON form of several events.
  public static func jsonBatch(_ events: some Sequence<EncodedEvent>) -> [UInt8] {
    var writer = JSONWriter()
    writer.array { for event in events { event.write(to: &$0) } }
    return writer.bytes
  }

  /// Whether it is a JSON value that can be read again inside an event inside a batch.
  private func isJSON(_ data: [UInt8]) -> Bool {
    guard let contentType, MediaType(contentType).isJSON else { return false }
    return (try? JSONParser.parse(data, depthLimit: JSONValue.depthLimit - 2)) != nil
  }

  private func write(to writer: inout JSONWriter) {
    writer.object { writer in
      for (name, value) in attributes {
        writer.key(named: name)
        switch value {
        case .string(let text): writer.string(text)
        case .integer(let number): writer.number(Int(number))
        case .boolean(let value): writer.boolean(value)
        }
      }
      guard let data else { return }
      if isJSON(data) {
        writer.key("data")
        writer.value(data)
      } else {
        writer.key("data_base64")
        writer.string(Base64.encode(data))
      }
    }
  }
}

/// A JSON text as a tree; the error is the event's.
private struct JSONDocument {
  let root: JSONValue

  init(_ json: [UInt8]) throws(InvalidEvent) {
    do {
      root = try JSONParser.parse(json)
    } catch {
      throw InvalidEvent(
        field: "JSON", value: String(decoding: json.prefix(80), as: UTF8.self),
        problem: "must be JSON, and is \(error)")
    }
  }
}
