/// For what a person reads: a clock's own instants mean nothing outside its machine.
extension Instant {
  /// How long it is until then on the current clock, for a person: `1.9 s`, `340 ms`; `nil` when the time has
  /// come.
  ///
  /// Rounded up, as whoever comes too early comes in vain.
  package var delayText: String? {
    let nanoseconds = CallContext.current.readClock().nanoseconds(to: self)
    return nanoseconds > 0 ? Duration.nanoseconds(nanoseconds).delayText : nil
  }
}

extension Duration {
  /// A measured duration for a person, rounded up: `340 ms`, `1.9 s`, from ten minutes on `12 min` or
  /// `20 h 32 min`; `0 s` when it is not more than none.
  ///
  /// A duration that somebody has set is told exactly: see ``unitText``.
  package var delayText: String {
    guard self > .zero else { return "0 s" }
    let nanoseconds = max(1, clampedNanoseconds)
    if nanoseconds <= 999_000_000 { return "\((nanoseconds + 999_999) / 1_000_000) ms" }
    let (seconds, rest) = (nanoseconds - 1).quotientAndRemainder(dividingBy: 1_000_000_000)
    if seconds >= 600 {
      let (hours, minutes) = (seconds / 60 + 1).quotientAndRemainder(dividingBy: 60)
      return [hours > 0 ? "\(hours) h" : nil, minutes > 0 ? "\(minutes) min" : nil]
        .compactMap(\.self).joined(separator: " ")
    }
    let tenths = rest / 100_000_000 + 1
    return tenths == 10 ? "\(seconds + 1) s" : "\(seconds).\(tenths) s"
  }
}
