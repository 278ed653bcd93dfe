extension InvalidEvent {
  /// What every text attribute must be: not empty, and without the code points that CloudEvents forbids.
  @inline(__always)
  static func require(_ value: String, in field: StaticString) throws(InvalidEvent) {
    if !PlainText.isPrintableASCII(value) { try requireSlowly(value, in: "\(field)") }
  }

  @inline(never)
  static func requireSlowly(_ value: String, in field: String) throws(InvalidEvent) {
    if value.isEmpty { throw InvalidEvent(field: field, value: value, problem: "must not be empty") }
    if let scalar = PlainText.forbidden(in: value) {
      throw InvalidEvent(
        field: field, value: value,
        problem: "must not contain U+\(String(scalar.value, radix: 16, uppercase: true))")
    }
  }

  /// An extension's name: lower-case letters and digits, and none that the specification has taken.
  static func require(extensionName name: String) throws(InvalidEvent) {
    let isLegal =
      !name.isEmpty && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
    guard isLegal else {
      throw InvalidEvent(
        field: "extension name", value: name, problem: "must consist of lower-case letters and digits")
    }
    guard !EncodedEvent.attributeNames.contains(name), name != "data" else {
      throw InvalidEvent(
        field: "extension name", value: name, problem: "must not be that of an attribute of its own")
    }
  }
}
