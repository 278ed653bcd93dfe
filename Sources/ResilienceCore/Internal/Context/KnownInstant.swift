/// An instant that is known or not, in one word where an `Instant?` takes two.
@usableFromInline
package struct KnownInstant: Sendable, Hashable, BitwiseCopyable {
  @usableFromInline let nanoseconds: Int64

  /// The earliest instant of all stands for none: whoever reads it reads the clock once more.
  @inlinable
  package init(_ instant: Instant?) {
    nanoseconds = instant?.nanoseconds ?? .min
  }

  @inlinable package static var none: KnownInstant { KnownInstant(nil) }

  @inlinable package var instant: Instant? {
    nanoseconds == .min ? nil : Instant(nanoseconds: nanoseconds)
  }
}
