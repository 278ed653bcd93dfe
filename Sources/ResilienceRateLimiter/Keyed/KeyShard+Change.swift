internal import ResilienceCore

extension KeyShard {
  /// Goes on with another rate; each key goes on owing the permits that have not come back.
  mutating func change(to other: GenericCellRate, at now: Instant) {
    forget(at: now)
    let ticks = rate.ticks(at: now, since: origin) ?? 0
    let later = other.origin(for: now)
    let laterTicks = other.ticks(at: now, since: later) ?? 0
    for index in 0..<table.capacity {
      let debt = Int128(max(0, table.state(index) - ticks)) * Int128(other.interval)
      let changed = rate.interval == 0 ? 0 : (debt + Int128(rate.interval) - 1) / Int128(rate.interval)
      table.setState(index, laterTicks + min(1 << 61, Int64(clamping: changed)))
    }
    (rate, origin, floor) = (other, later, laterTicks)
  }
}
