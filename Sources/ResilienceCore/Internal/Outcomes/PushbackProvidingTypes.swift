internal import Synchronization

/// Which types of values are ``PushbackProviding``, remembered as an ``ErrorKind`` is.
@usableFromInline
enum PushbackProvidingTypes {
  // Types lie at multiples of eight bytes: bit 0 is free for the answer.
  private static let known = InlineArray<64, Atomic<UInt>> { _ in Atomic(0) }

  @usableFromInline
  @inline(never)
  static func contains(_ type: Any.Type) -> Bool {
    let address = UInt(bitPattern: ObjectIdentifier(type))
    let place = Int(truncatingIfNeeded: (address >> 4 ^ address >> 10) & 63)
    let word = known[place].load(ordering: .relaxed)
    if word & ~1 == address { return word & 1 == 1 }
    let conforms = type is any PushbackProviding.Type
    known[place].store(address | (conforms ? 1 : 0), ordering: .relaxed)
    return conforms
  }
}
