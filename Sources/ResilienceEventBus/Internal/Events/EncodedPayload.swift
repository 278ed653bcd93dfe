/// A payload as bytes, and how they are to be read.
struct EncodedPayload: Sendable {
  /// `nil` for an event without data.
  let bytes: [UInt8]?
  let contentType: String?
  let version: Int
}

/// Why a payload cannot be read, apart from what a coding throws.
struct PayloadError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

extension EventCoding {
  func decode(_ payload: EncodedPayload) throws -> Payload {
    guard let bytes = payload.bytes else { throw PayloadError("it has no data") }
    if let found = payload.contentType, !MediaType(found).isReadable(as: MediaType(contentType)) {
      throw PayloadError("it is written as \(found), this side reads \(contentType)")
    }
    return try decode(bytes)
  }
}
