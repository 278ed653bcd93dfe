internal import Foundation
internal import NIOCore
internal import NIOFoundationCompat
internal import Resilience

/// A body: a JSON document on one line, and the events that it speaks of as a CloudEvents batch on the lines after it.
///
/// The events stay as they are encoded: not once more inside a text.
struct HubFrame<Head: Codable & Sendable>: Sendable {
  let head: Head
  let events: [EncodedEvent]

  init(_ head: Head, events: [EncodedEvent] = []) {
    self.head = head
    self.events = events
  }

  /// - Throws: `DecodingError`, `InvalidEvent`.
  init(reading body: ByteBuffer) throws {
    let bytes = body.readableBytesView
    let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
    head = try JSONDecoder().decode(Head.self, from: Data(bytes[..<end]))
    let rest = bytes[end...].dropFirst()
    events = rest.isEmpty ? [] : try EncodedEvent.events(jsonBatch: Array(rest))
  }

  func bytes() throws -> ByteBuffer { try Self.bytes(head, batch: HubBatch(events)) }

  static func bytes(_ head: Head, batch: HubBatch) throws -> ByteBuffer {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    var buffer = ByteBuffer(bytes: try encoder.encode(head))
    if !batch.isEmpty {
      buffer.writeInteger(UInt8(ascii: "\n"))
      buffer.writeBytes(batch.bytes)
    }
    return buffer
  }
}

/// A CloudEvents batch that is written event by event, so that its size is known on the way.
struct HubBatch: Sendable {
  private var written: [UInt8] = []

  init(_ events: [EncodedEvent] = []) {
    for event in events { append(event.json()) }
  }

  var isEmpty: Bool { written.isEmpty }
  var count: Int { written.count }
  var bytes: [UInt8] { [UInt8(ascii: "[")] + written + [UInt8(ascii: "]")] }

  mutating func append(_ json: [UInt8]) {
    if !written.isEmpty { written.append(UInt8(ascii: ",")) }
    written += json
  }
}
