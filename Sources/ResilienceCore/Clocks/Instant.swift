/// A point on a monotonic clock, in nanoseconds.
///
/// Decisions (is the deadline past, may the next call pass, is the breaker's open time over) are made with
/// instants, never with wall-clock time: a corrected wall clock would open or close things at random. The
/// zero point is the clock's own; instants of two clocks cannot be compared.
///
/// All arithmetic saturates: `Instant(nanoseconds: .max)` is "never".
public struct Instant: Sendable, BitwiseCopyable, Hashable {
  /// Nanoseconds since the zero point of the clock that produced this instant.
  public var nanoseconds: Int64

  /// Creates an instant.
  ///
  /// - Parameter nanoseconds: Nanoseconds since the clock's zero point; any value.
  @inlinable
  public init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// The instant `nanoseconds` later, or earlier when negative; saturates at both ends.
  @inlinable
  public func advanced(byNanoseconds nanoseconds: Int64) -> Instant {
    Instant(nanoseconds: self.nanoseconds.addingSaturating(nanoseconds))
  }

  /// Nanoseconds from this instant to `other`, negative when `other` is earlier; saturates.
  @inlinable
  public func nanoseconds(to other: Instant) -> Int64 {
    other.nanoseconds.subtractingSaturating(nanoseconds)
  }
}

extension Instant: InstantProtocol {
  /// Whether `lhs` is earlier than `rhs`.
  @inlinable
  public static func < (lhs: Instant, rhs: Instant) -> Bool {
    lhs.nanoseconds < rhs.nanoseconds
  }

  /// The instant `duration` later, rounded down to whole nanoseconds; saturates.
  public func advanced(by duration: Duration) -> Instant {
    advanced(byNanoseconds: duration.clampedNanoseconds)
  }

  /// The time from this instant to `other`, negative when `other` is earlier.
  public func duration(to other: Instant) -> Duration {
    .nanoseconds(nanoseconds(to: other))
  }
}

extension Instant: CustomStringConvertible {
  /// The instant in seconds since the clock's zero point, such as `12.5s`.
  public var description: String {
    "\(Double(nanoseconds) / 1_000_000_000)s"
  }
}
