/// An instant that was read from a clock, or none, in one word.
@usableFromInline
package struct KnownInstant: Sendable, BitwiseCopyable, Hashable {
  @usableFromInline package let nanoseconds: Int64

  /// - Parameter nanoseconds: Those of an instant; `Int64.min` for none.
  @inlinable
  package init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  @inlinable
  package init(_ instant: Instant) {
    self.init(nanoseconds: instant.nanoseconds)
  }

  @inlinable package static var none: KnownInstant { KnownInstant(nanoseconds: .min) }

  @inlinable package var instant: Instant? { self == .none ? nil : Instant(nanoseconds: nanoseconds) }
}
