/// Counts of latencies in logarithmic buckets, sixteen to a doubling, so that a percentile is at most 1/16
/// too high.
///
/// From a microsecond to 18 minutes; what lies outside counts as the nearest. Old samples fade: whenever a
/// window is full, all counts are halved.
struct LatencyHistogram {
  static let window = 1_024

  private static let lowestExponent = 10
  private static let highestExponent = 39
  private static let stepBits = 4
  private static let steps = 1 << stepBits
  // One sample weighs this much, so that a count of one outlives several halvings.
  private static let weight: UInt32 = 1_024

  private var counts = [UInt32](
    repeating: 0, count: (highestExponent - lowestExponent + 1) * LatencyHistogram.steps)
  private var total: UInt32 = 0

  /// How many samples there are, faded ones in part.
  var samples: Int { Int(total / Self.weight) }

  mutating func record(nanoseconds: Int64) {
    if samples >= Self.window { fade() }
    counts[Self.bucket(of: nanoseconds)] += Self.weight
    total += Self.weight
  }

  /// The upper edge of the bucket in which the slowest `share` of the samples begins; `share` is in 0 ..< 1.
  func nanoseconds(exceededBy share: Double) -> Int64 {
    var remaining = Int64(share * Double(total))
    for bucket in counts.indices.reversed() where counts[bucket] > 0 {
      remaining -= Int64(counts[bucket])
      if remaining < 0 { return Self.upperEdge(of: bucket) }
    }
    return 0
  }

  private mutating func fade() {
    total = 0
    for bucket in counts.indices {
      counts[bucket] /= 2
      total += counts[bucket]
    }
  }

  private static func bucket(of nanoseconds: Int64) -> Int {
    let value = min(max(nanoseconds, 1 << lowestExponent), (1 << (highestExponent + 1)) - 1)
    let exponent = 63 - value.leadingZeroBitCount
    return (exponent - lowestExponent) << stepBits | Int(value >> (exponent - stepBits)) & (steps - 1)
  }

  private static func upperEdge(of bucket: Int) -> Int64 {
    let exponent = bucket >> stepBits + lowestExponent
    return Int64(steps + bucket & (steps - 1) + 1) << (exponent - stepBits)
  }
}
