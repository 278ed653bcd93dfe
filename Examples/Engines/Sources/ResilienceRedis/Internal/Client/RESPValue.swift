internal import NIOCore

/// A reply, as Redis' protocol RESP2 has it.
enum RESPValue: Sendable, Hashable {
  case simple(String)
  case error(String)
  case integer(Int64)
  case bulk(ByteBuffer)
  case array([RESPValue])
  case null
}

// MARK: - Reading

extension RESPValue {
  /// What a reply has to be and is not.
  struct Mismatch: Error {
    let message: String
  }

  /// What kind of value it is, in words.
  var kind: String {
    switch self {
    case .simple: "a status"
    case .error: "an error"
    case .integer: "a number"
    case .bulk: "a string"
    case .array(let items): "an array of \(items.count)"
    case .null: "nothing"
    }
  }

  func integer(_ field: String) throws(Mismatch) -> Int64 {
    switch self {
    case .integer(let number): return number
    case .bulk(let bytes):
      if let number = Int64(String(buffer: bytes)) { return number }
    default: break
    }
    throw Mismatch(message: "\(field) is \(kind), not a number")
  }

  func text(_ field: String) throws(Mismatch) -> String {
    switch self {
    case .simple(let text): return text
    case .bulk(let bytes): return String(buffer: bytes)
    default: throw Mismatch(message: "\(field) is \(kind), not a string")
    }
  }

  func bytes(_ field: String) throws(Mismatch) -> [UInt8] {
    guard case .bulk(let bytes) = self else {
      throw Mismatch(message: "\(field) is \(kind), not a string")
    }
    return Array(bytes.readableBytesView)
  }

  /// - Parameter least: How many there have to be.
  func items(_ field: String, atLeast least: Int = 0) throws(Mismatch) -> [RESPValue] {
    guard case .array(let items) = self, items.count >= least else {
      throw Mismatch(message: "\(field) is \(kind), not an array of \(least) or more")
    }
    return items
  }
}
