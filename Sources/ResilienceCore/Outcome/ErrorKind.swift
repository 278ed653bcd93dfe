internal import Synchronization

/// What the type of an error conforms to, as far as it matters here.
///
/// Asking a type for a conformance costs about a thousand instructions, several times for each failed attempt, and errors
/// come in series: so the answers are remembered. A fixed table with one place for each hash of a type; a newcomer takes
/// the place of another, which then is merely asked again.
package struct ErrorKind: OptionSet, Sendable {
  package let rawValue: UInt

  package init(rawValue: UInt) {
    self.rawValue = rawValue
  }

  /// It is a ``Rejection``.
  package static let rejection = ErrorKind(rawValue: 1)

  /// It is ``PushbackProviding``.
  package static let pushbackProviding = ErrorKind(rawValue: 2)

  /// It is a `CancellationError`.
  package static let cancellation = ErrorKind(rawValue: 4)

  /// The kind of `error`.
  package init(of error: borrowing any Error) {
    let type = type(of: copy error)
    // Types lie at multiples of eight bytes: three bits are free for the answers.
    let address = UInt(bitPattern: ObjectIdentifier(type))
    let place = Int(truncatingIfNeeded: (address >> 4 ^ address >> 10) & 63)
    let word = known[place].load(ordering: .relaxed)
    if word & ~7 == address {
      self.init(rawValue: word & 7)
    } else {
      self.init(asking: copy error, of: type)
      known[place].store(address | rawValue, ordering: .relaxed)
    }
  }

  @inline(never)
  private init(asking error: any Error, of type: any Error.Type) {
    self = []
    if error is any Rejection { insert(.rejection) }
    if error is any PushbackProviding { insert(.pushbackProviding) }
    if type == CancellationError.self { insert(.cancellation) }
  }
}

private let known = InlineArray<64, Atomic<UInt>> { _ in Atomic(0) }
