/// For what a person reads: a clock's own instants mean nothing outside its machine.
extension Instant {
  /// How long it is until then on the current clock, for a person: `1.9 s`, `340 ms`; `nil` when the time has
  /// come.
  ///
  /// Rounded up, as whoever comes too early comes in vain.
  package var delayText: String? {
    let nanoseconds = CallContext.current.readClock().nanoseconds(to: self)
    guard nanoseconds > 0 else { return nil }
    if nanoseconds <= 999_000_000 { return "\((nanoseconds + 999_999) / 1_000_000) ms" }
    let (seconds, rest) = (nanoseconds - 1).quotientAndRemainder(dividingBy: 1_000_000_000)
    let tenths = rest / 100_000_000 + 1
    return tenths == 10 ? "\(seconds + 1) s" : "\(seconds).\(tenths) s"
  }
}
