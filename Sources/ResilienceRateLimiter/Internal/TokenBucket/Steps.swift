/// What happens to the instant at which a bucket is full: `x` becomes `max(x + sum, floor)`.
///
/// Taking `cost` at `instant` is such a step: `max(x, instant) + cost`. Any number of them, one after the
/// other, compose to one of the same shape, and so does the larger of two. In ticks since the clock's zero
/// point, of 128 bits: exact and without a range.
struct Steps: Sendable, Equatable {
  var sum: Int128 = 0
  var floor = Steps.longAgo
  /// How far the floor lies above the instants of those steps that can still be moved.
  var lead = Steps.longAgo

  /// Far enough from the end that nothing overflows.
  static var longAgo: Int128 { .min / 4 }
  /// Never larger than another.
  static var none: Steps { Steps(sum: longAgo) }

  /// The bucket is full later, by `cost`, however full it was at `instant`.
  static func taking(_ cost: Int128, at instant: Int128) -> Steps {
    Steps(sum: cost, floor: instant + cost)
  }

  /// Whether nothing happens.
  var isNothing: Bool { sum == 0 && floor == Steps.longAgo }

  /// Takes `cost` at `instant`, too.
  mutating func take(_ cost: Int128, at instant: Int128) {
    sum += cost
    floor = max(floor, instant) + cost
  }

  func applied(to x: Int128) -> Int128 { max(x + sum, floor) }

  /// As ``moved(to:)`` would be applied.
  func applied(to x: Int128, movedTo instant: Int128) -> Int128 { max(x + sum, floor, instant + lead) }

  func followed(by next: Steps) -> Steps {
    Steps(
      sum: sum + next.sum, floor: max(floor + next.sum, next.floor), lead: max(lead + next.sum, next.lead))
  }

  func larger(_ other: Steps) -> Steps {
    Steps(sum: max(sum, other.sum), floor: max(floor, other.floor), lead: max(lead, other.lead))
  }

  /// The same, with what can be moved happening at `instant` instead of before.
  func moved(to instant: Int128) -> Steps {
    Steps(sum: sum, floor: max(floor, instant + lead), lead: lead)
  }
}
