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
  @inlinable
  package func isIdentical(to other: String) -> Bool {
    self == other && utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
  }

  /// A total order that agrees with ``isIdentical(to:)``: the text's own, and the bytes' among what it calls
  /// equal.
  package func isOrdered(before other: String) -> Bool {
    self == other ? utf8.lexicographicallyPrecedes(other.utf8) : self < other
  }
}
