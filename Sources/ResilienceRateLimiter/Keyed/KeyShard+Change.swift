internal import ResilienceCore

extension KeyShard {
  /// Goes on with another rate; each key goes on owing the permits that have not come back.
  mutating func change(to other: GenericCellRate, at now: Instant) {
    forget(at: now)
    let ticks = rate.ticks(at: now, since: origin) ?? 0
    let later = other.origin(for: now)
    let laterTicks = other.ticks(at: now, since: later) ?? 0
    for index in 0..<table.capacity {
      table.setState(index, laterTicks + owed(table.state(index) - ticks, at: other))
    }
    // The floor too: of two instants that come in the wrong order, the earlier one must not bring back what is forgotten.
    (floor, origin, rate) = (laterTicks + owed(floor - ticks, at: other), later, other)
  }

  /// Ticks in which as many permits come back at another rate.
  private func owed(_ ticks: Int64, at other: GenericCellRate) -> Int64 {
    guard rate.interval > 0 else { return 0 }
    let debt = Int128(max(0, ticks)) * Int128(other.interval)
    return min(1 << 61, Int64(clamping: (debt + Int128(rate.interval) - 1) / Int128(rate.interval)))
  }
}
