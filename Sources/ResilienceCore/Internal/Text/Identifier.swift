/// A name that is its bytes: `String` calls two spellings of one character equal, a store and a wire do not.
@usableFromInline
package struct Identifier: Hashable, Sendable {
  @usableFromInline package let text: String

  @inlinable
  package init(_ text: String) {
    self.text = text
  }

  @inlinable
  package static func == (left: Identifier, right: Identifier) -> Bool {
    left.text.isIdentical(to: right.text)
  }

  // Equal bytes are equal text, so the text's hash will do.
  @inlinable
  package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

extension String {
  /// Whether the two are the same bytes.
  @inlinable
  package func isIdentical(to other: String) -> Bool { isOneValue(with: other) || hasBytes(of: other) }

  /// Whether both are the same bits: then they are the same text, and short ones are if they are equal.
  @inlinable
  @inline(__always)
  func isOneValue(with other: String) -> Bool {
    guard MemoryLayout<String>.size == 16 else { return false }
    let (own, others) = (
      unsafeBitCast(self, to: (UInt64, UInt64).self), unsafeBitCast(other, to: (UInt64, UInt64).self)
    )
    return own.0 == others.0 && own.1 == others.1
  }

  @usableFromInline
  @inline(never)
  func hasBytes(of other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    let result = utf8.withContiguousStorageIfAvailable { own in
      other.utf8.withContiguousStorageIfAvailable {
        areEqual(UnsafeRawBufferPointer(own), UnsafeRawBufferPointer($0))
      }
    }
    return (result ?? nil) ?? utf8.elementsEqual(other.utf8)
  }

  /// A total order that agrees with ``isIdentical(to:)``: the text's own, and the bytes' among what it calls
  /// equal.
  package func isOrdered(before other: String) -> Bool {
    self == other ? utf8.lexicographicallyPrecedes(other.utf8) : self < other
  }
}

/// Of one length.
private func areEqual(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
  var position = 0
  while position + 8 <= one.count {
    guard
      one.loadUnaligned(fromByteOffset: position, as: UInt64.self)
        == other.loadUnaligned(fromByteOffset: position, as: UInt64.self)
    else { return false }
    position += 8
  }
  while position < one.count {
    guard one[position] == other[position] else { return false }
    position += 1
  }
  return true
}
