extension EncodedEvent {
  static func event(_ value: JSONValue, of json: [UInt8]) throws(InvalidEvent) -> EncodedEvent {
    guard case .object(let members) = value else {
      throw InvalidEvent(field: "JSON", value: value.kind, problem: "must be an object")
    }
    var attributes = AttributeReader()
    var data: JSONValue.Member?
    var base64: JSONValue.Member?
    for member in members {
      switch member.key {
      case "data": data = member
      case "data_base64": base64 = member
      default: attributes[member.key] = try attribute(member)
      }
    }
    // `data` may be null, which is a value.
    if let found = base64, case .null = found.value { base64 = nil }
    var contentType = attributes["datacontenttype"]?.description
    let bytes: [UInt8]?
    switch (data, base64) {
    case (.some, .some):
      throw InvalidEvent(field: "data", value: "data_base64", problem: "must not be there beside data_base64")
    case (nil, let base64?):
      bytes = try decoded(base64)
    case (let data?, nil):
      bytes = try Self.bytes(of: data, contentType: contentType, in: json)
      if contentType == nil { contentType = "application/json" }
    case (nil, nil):
      bytes = nil
    }
    attributes["datacontenttype"] = contentType.map { .string($0) }
    return try attributes.event(data: bytes)
  }

  private static func attribute(_ member: JSONValue.Member) throws(InvalidEvent) -> ExtensionValue? {
    switch member.value {
    case .null: return nil
    case .boolean(let value): return .boolean(value)
    case .string(let text): return .string(text)
    case .number(let text):
      if let number = Int32(text) { return .integer(number) }
      throw InvalidEvent(field: member.key, value: text, problem: "must be a whole number of 32 bits")
    case .array, .object:
      throw InvalidEvent(
        field: member.key, value: member.value.kind, problem: "must be a text, a number or a truth value")
    }
  }

  private static func bytes(
    of data: JSONValue.Member, contentType: String?, in json: [UInt8]
  ) throws(InvalidEvent) -> [UInt8] {
    guard let contentType, !MediaType(contentType).isJSON else { return Array(json[data.range]) }
    if case .string(let text) = data.value { return Array(text.utf8) }
    throw InvalidEvent(
      field: "data", value: data.value.kind, problem: "must be a string when it is \(contentType)")
  }

  private static func decoded(_ member: JSONValue.Member) throws(InvalidEvent) -> [UInt8] {
    guard case .string(let text) = member.value else {
      throw InvalidEvent(field: "data_base64", value: member.value.kind, problem: "must be a string")
    }
    guard let bytes = Base64.decode(text) else {
      throw InvalidEvent(field: "data_base64", value: text, problem: "must be base64")
    }
    return bytes
  }
}
