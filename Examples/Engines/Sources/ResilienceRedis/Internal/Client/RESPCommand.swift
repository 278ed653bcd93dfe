internal import NIOCore

/// A command, as it is sent: an array of strings.
struct RESPCommand: Sendable {
  enum Argument: Sendable, ExpressibleByStringLiteral {
    case text(String)
    case bytes([UInt8])
    case integer(Int64)

    init(stringLiteral value: String) { self = .text(value) }
  }

  let name: String
  let bytes: ByteBuffer

  init(_ name: String, _ arguments: [Argument] = []) {
    self.name = name
    var bytes = ByteBuffer()
    bytes.writeString("*\(arguments.count + 1)\r\n")
    Self.write(.text(name), to: &bytes)
    for argument in arguments { Self.write(argument, to: &bytes) }
    self.bytes = bytes
  }

  private static func write(_ argument: Argument, to buffer: inout ByteBuffer) {
    switch argument {
    case .text(let text): write(text.utf8, to: &buffer)
    case .bytes(let bytes): write(bytes, to: &buffer)
    case .integer(let number): write("\(number)".utf8, to: &buffer)
    }
  }

  private static func write(_ bytes: some Collection<UInt8>, to buffer: inout ByteBuffer) {
    buffer.writeString("$\(bytes.count)\r\n")
    buffer.writeBytes(bytes)
    buffer.writeString("\r\n")
  }
}
