// `Duration` is exact to the attosecond and 25 times dearer than `Int64`. Durations are what users write;
// they are turned into nanoseconds once, when a policy or an object is made.

extension Duration {
  /// Whole nanoseconds, rounded towards zero and clamped to `Int64` (292 years).
  @inlinable
  package var clampedNanoseconds: Int64 {
    Int64(clamping: attoseconds / 1_000_000_000)
  }
}

extension FixedWidthInteger {
  @inlinable
  package func addingSaturating(_ other: Self) -> Self {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }
}

extension Int64 {
  @inlinable
  package func subtractingSaturating(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other < 0 ? .max : .min) : difference
  }

  /// Rounded down, for instants before a clock's zero; the remainder is never negative.
  @inlinable
  @inline(__always)
  package func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }

  @inlinable
  package func multiplyingSaturating(_ other: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
  }
}

extension UInt32 {
  @inlinable
  package func multiplyingSaturating(_ other: UInt32) -> UInt32 {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
