internal import NIOCore

/// Reads replies from what comes in, in pieces of any size. Nothing is read twice, and whatever comes costs
/// no more memory than the limit.
struct RESPParser {
  /// What came is no reply, or is too long.
  struct Malformed: Error {
    let message: String
  }

  private static let maxLineBytes = 64 << 10
  private static let maxDepth = 32
  /// What one value takes at least, beside its bytes.
  private static let valueBytes = 64

  private struct Frame {
    let count: Int
    var items: [RESPValue] = []
  }

  private let maxReplyBytes: Int
  private var input = ByteBuffer()
  private var frames: [Frame] = []
  /// The length of the string whose bytes come next.
  private var announced: Int?
  /// What the present reply takes.
  private var replyBytes = 0
  /// So much of `input` was searched for the end of a line.
  private var searched = 0

  init(maxReplyBytes: Int) {
    self.maxReplyBytes = maxReplyBytes
  }

  mutating func add(_ bytes: inout ByteBuffer) {
    if input.readableBytes == 0 {
      input = bytes
    } else {
      input.discardReadBytes()
      input.writeBuffer(&bytes)
    }
  }

  /// The next whole reply; `nil` when there is none yet.
  mutating func next() throws(Malformed) -> RESPValue? {
    while let value = try nextValue() {
      if let reply = place(value) {
        replyBytes = 0
        return reply
      }
    }
    return nil
  }

  /// Puts a value where it belongs.
  ///
  /// - Returns: The reply, if that is whole.
  private mutating func place(_ value: RESPValue) -> RESPValue? {
    var value = value
    while let last = frames.indices.last {
      frames[last].items.append(value)
      guard frames[last].items.count == frames[last].count else { return nil }
      value = .array(frames.removeLast().items)
    }
    return value
  }

  /// The next value that is no array with items; `nil` when more bytes are needed.
  private mutating func nextValue() throws(Malformed) -> RESPValue? {
    while true {
      if let length = announced {
        guard input.readableBytes >= length + 2, let bytes = input.readSlice(length: length) else {
          return nil
        }
        guard input.readString(length: 2) == "\r\n" else {
          throw Malformed(message: "a string of \(length) bytes does not end after them")
        }
        announced = nil
        return .bulk(bytes)
      }
      guard let (kind, line) = try nextLine() else { return nil }
      try count(Self.valueBytes + line.utf8.count)
      switch kind {
      case UInt8(ascii: "+"): return .simple(line)
      case UInt8(ascii: "-"): return .error(line)
      case UInt8(ascii: ":"):
        guard let number = Int64(line) else {
          throw Malformed(message: "\"\(line.prefix(40))\" is no number")
        }
        return .integer(number)
      case UInt8(ascii: "$"):
        guard let length = try length(line) else { return .null }
        try count(length)
        announced = length
      case UInt8(ascii: "*"):
        guard let count = try length(line) else { return .null }
        if count == 0 { return .array([]) }
        try self.count(count.multipliedReportingOverflow(by: Self.valueBytes).partialValue)
        guard frames.count < Self.maxDepth else {
          throw Malformed(message: "arrays in arrays deeper than \(Self.maxDepth)")
        }
        frames.append(Frame(count: count))
      default: throw Malformed(message: "a reply begins with byte \(kind)")
      }
    }
  }

  private mutating func count(_ bytes: Int) throws(Malformed) {
    replyBytes += bytes
    guard replyBytes <= maxReplyBytes else {
      throw Malformed(message: "a reply is longer than \(maxReplyBytes) bytes")
    }
  }

  /// - Returns: `nil` for −1, which stands for nothing.
  private func length(_ line: String) throws(Malformed) -> Int? {
    if line == "-1" { return nil }
    guard let length = Int(line), length >= 0 else {
      throw Malformed(message: "\"\(line.prefix(40))\" is no length")
    }
    guard length <= maxReplyBytes else {
      throw Malformed(message: "a reply is longer than \(maxReplyBytes) bytes")
    }
    return length
  }

  private mutating func nextLine() throws(Malformed) -> (kind: UInt8, rest: String)? {
    let view = input.readableBytesView
    let unsearched = view.dropFirst(searched)
    guard let end = unsearched.firstIndex(of: UInt8(ascii: "\n")) else {
      searched = view.count
      guard searched <= Self.maxLineBytes else {
        throw Malformed(message: "a line is longer than \(Self.maxLineBytes) bytes")
      }
      return nil
    }
    searched = 0
    let length = end - view.startIndex
    guard length >= 2, view[end - 1] == UInt8(ascii: "\r"), let line = input.readSlice(length: length - 1)
    else { throw Malformed(message: "a line does not end with CR LF") }
    input.moveReaderIndex(forwardBy: 2)
    return (
      line.readableBytesView[line.readerIndex],
      String(decoding: line.readableBytesView.dropFirst(), as: UTF8.self)
    )
  }
}
