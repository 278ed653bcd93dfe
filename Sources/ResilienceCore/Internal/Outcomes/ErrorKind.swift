internal import Synchronization

/// What the type of an error conforms to, as far as it matters here.
///
/// Asking a type for a conformance costs about a thousand instructions, several times for each failed
/// attempt, and errors come in series: so the answers are remembered. A fixed table with one place for each
/// hash of a type; a newcomer takes the place of another, which then is merely asked again.
@usableFromInline
package struct ErrorKind: OptionSet, Sendable {
  @usableFromInline package let rawValue: UInt

  @inlinable
  package init(rawValue: UInt) {
    self.rawValue = rawValue
  }

  /// It is a ``Rejection``.
  @inlinable package static var rejection: ErrorKind { ErrorKind(rawValue: 1) }

  /// It is ``PushbackProviding``.
  @inlinable package static var pushbackProviding: ErrorKind { ErrorKind(rawValue: 2) }

  /// Its type is a class: what is boxed as that type may be of a subclass, which conforms to more. Remembered
  /// only.
  private static let object = ErrorKind(rawValue: 4)

  /// The kind of `error`.
  @usableFromInline
  package init(of error: borrowing any Error) {
    self = Self.kind(of: copy error)
  }

  // Generic, so that the type comes with the error: `type(of:)` costs more than the rest.
  // A function, since an initialiser would take ownership of the error.
  @inline(never)
  private static func kind<Value: Error>(of error: Value) -> ErrorKind {
    if let kind = remembered(Value.self), !kind.contains(.object) { return kind }
    return ask(error, Value.self is AnyClass ? type(of: error as any Error) : nil)
  }

  private static func ask<Value: Error>(_ error: Value, _ subclass: (any Error.Type)?) -> ErrorKind {
    if let subclass, let kind = remembered(subclass) { return kind.subtracting(.object) }
    let kind = ErrorKind(asking: error)
    remember(subclass ?? Value.self, subclass == nil ? kind : kind.union(.object))
    return kind
  }

  // Types lie at multiples of eight bytes: three bits are free for the answers.
  @inline(__always)
  private static func place(of type: any Error.Type) -> (place: Int, address: UInt) {
    let address = UInt(bitPattern: ObjectIdentifier(type))
    return (Int(truncatingIfNeeded: (address >> 4 ^ address >> 10) & 63), address)
  }

  @inline(__always)
  private static func remembered(_ type: any Error.Type) -> ErrorKind? {
    let (place, address) = place(of: type)
    let word = known[place].load(ordering: .relaxed)
    return word & ~7 == address ? ErrorKind(rawValue: word & 7) : nil
  }

  private static func remember(_ type: any Error.Type, _ kind: ErrorKind) {
    let (place, address) = place(of: type)
    known[place].store(address | kind.rawValue, ordering: .relaxed)
  }

  @inline(never)
  private init(asking error: any Error) {
    self = []
    if error is any Rejection { insert(.rejection) }
    if error is any PushbackProviding { insert(.pushbackProviding) }
  }
}

private let known = InlineArray<64, Atomic<UInt>> { _ in Atomic(0) }
