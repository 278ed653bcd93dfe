/// Calls that have come back, in sums: how long they took, and how much was inside when they entered.
///
/// A call of weight 3 counts as three.
struct LatencyWindow: Sendable {
  private(set) var count = 0.0
  /// What found no room meanwhile.
  private(set) var heldBack = 0.0
  private var nanoseconds = 0.0
  private var squares = 0.0
  private var inUse = 0.0

  mutating func add(_ nanoseconds: Int64, inUse: Int, weight: Int) {
    let weight = Double(weight)
    // What took no time that a clock could tell still took some: else the rate would be infinite.
    let duration = Double(max(1, nanoseconds))
    count += weight
    self.nanoseconds += weight * duration
    squares += weight * duration * duration
    self.inUse += weight * Double(inUse)
  }

  mutating func noteHeldBack(weight: Int) { heldBack += Double(weight) }

  /// How much was inside, on average, when they entered.
  var meanInUse: Double { inUse / count }

  /// What came back per nanosecond (Little's law).
  var rate: Double { inUse / nanoseconds }

  /// How many calls of an exponentially distributed duration would tell as much: fewer than these when
  /// durations vary more, never more, as those of one burst are not independent.
  var information: Double { count / max(1, variation) }

  /// The standard error of the mean duration, as a share of it.
  var error: Double { (max(0.02, variation) / count).squareRoot() }

  /// The variance, as a share of the squared mean.
  private var variation: Double {
    let mean = nanoseconds / count
    return mean > 0 ? squares / count / (mean * mean) - 1 : 0
  }
}
