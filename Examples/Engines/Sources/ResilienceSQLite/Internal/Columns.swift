internal import Foundation
internal import GRDB

/// A name that needs no quotes.
func checkedTableName(_ name: String) -> String {
  let isPlain = name.utf8.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
  let begins = name.utf8.first.map { $0 > UInt8(ascii: "9") } ?? false
  precondition(isPlain && begins, "a table's name must be letters, digits and _, was \"\(name)\"")
  return name
}

// Bytes, since a text that is bound ends at its first zero.
extension String {
  var blob: Data { Data(utf8) }
}

extension [UInt8] {
  var blob: Data { Data(self) }
}

extension Row {
  /// The bytes of a column; of a text its UTF-8, and `nil` for anything else: whoever wrote it.
  func bytes(_ index: Int) -> [UInt8]? {
    switch (self[index] as DatabaseValue).storage {
    case .blob(let data): Array(data)
    case .string(let text): Array(text.utf8)
    default: nil
    }
  }

  func text(_ index: Int) -> String? { bytes(index).map { String(decoding: $0, as: UTF8.self) } }
}
