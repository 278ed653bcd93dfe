/// How the payload of an event type becomes bytes, and is made from them.
///
/// A `Codable` payload needs none: it is ``json``. One with a form of its own says so:
///
/// ```swift
/// let received = EventType(
///   "frame_received",
///   coding: EventCoding<Frame>(
///     contentType: "application/x-frame", encode: { $0.bytes }, decode: { try Frame($0) }))
/// ```
public struct EventCoding<Payload: Sendable>: Sendable {
  /// The media type of the bytes; the CloudEvents attribute `datacontenttype`.
  public let contentType: String

  let encode: @Sendable (Payload) throws -> [UInt8]
  let decode: @Sendable ([UInt8]) throws -> Payload

  /// Creates a coding from two closures.
  ///
  /// - Parameters:
  ///   - contentType: A media type, not empty. Bytes that came with another one are not handed to `decode`;
  ///     all that end in `/json` or `+json` count as one.
  ///   - encode: Turns a payload into bytes. What it throws is thrown to whoever encodes the event.
  ///   - decode: Reads them. It gets what comes from outside: it should throw for what it cannot read, and
  ///     never trap.
  public init(
    contentType: String, encode: @escaping @Sendable (_ payload: Payload) throws -> [UInt8],
    decode: @escaping @Sendable (_ bytes: [UInt8]) throws -> Payload
  ) {
    precondition(
      PlainText.isPrintableASCII(contentType), "a coding's content type must be one, was \"\(contentType)\"")
    self.contentType = contentType
    self.encode = encode
    self.decode = decode
  }
}

extension EventCoding where Payload: Codable {
  /// JSON, `application/json`, as the payload's own `Codable` has it.
  ///
  /// Members come in the order in which the payload encodes them; integers of 64 bits and `Double` lose
  /// nothing. Numbers that are not finite are an `EncodingError`. Types that `JSONEncoder` of Foundation
  /// knows by name (`Data`, `URL`, `Decimal`) are written as they encode themselves; a `Date` is the same
  /// number. What is nested deeper than 256 is refused, both ways.
  public static var json: EventCoding {
    EventCoding(contentType: "application/json") { payload in
      try JSONTreeEncoder.encode(payload)
    } decode: { bytes in
      try JSONTreeDecoder.decode(Payload.self, from: bytes)
    }
  }
}
