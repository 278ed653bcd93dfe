/// What an event type says of its events, with the payload's type hidden: every event refers to it.
///
/// `@unchecked` since a class with a subclass cannot be checked: both have constants only, and those are
/// `Sendable`.
@usableFromInline
class EventDefinition: @unchecked Sendable {
  final let name: String
  final let version: Int
  final let contentType: String?

  init(name: String, version: Int, contentType: String?) {
    self.name = name
    self.version = version
    self.contentType = contentType
  }
}

/// The whole of an event type.
final class TypedEventDefinition<Payload: Sendable>: EventDefinition, @unchecked Sendable {
  typealias Upcaster = @Sendable (EncodedPayload) throws -> Payload

  let coding: EventCoding<Payload>?
  let upcasters: [Int: Upcaster]

  init(name: String, version: Int, coding: EventCoding<Payload>?, upcasters: [Int: Upcaster] = [:]) {
    self.coding = coding
    self.upcasters = upcasters
    super.init(name: name, version: version, contentType: coding?.contentType)
  }

  /// - Throws: What the coding or the upcaster throws; ``PayloadError``.
  func decode(_ payload: EncodedPayload) throws -> Payload {
    guard let coding else { throw PayloadError("\(Payload.self) is not Codable and has no coding") }
    if payload.version == version { return try coding.decode(payload) }
    guard let upcaster = upcasters[payload.version] else {
      let known = upcasters.keys.sorted() + [version]
      throw PayloadError(
        "it is of version \(payload.version), this side reads \(known.map(String.init).joined(separator: ", "))"
      )
    }
    return try upcaster(payload)
  }
}
