/// How many calls, and what became of them.
struct CallTally: Sendable, Hashable {
  var calls = 0
  var failures = 0
  var slow = 0

  @inline(__always)
  static func += (tally: inout CallTally, result: CallResult) {
    tally.calls &+= 1
    if result.failed { tally.failures &+= 1 }
    if result.slow { tally.slow &+= 1 }
  }

  static func -= (tally: inout CallTally, other: CallTally) {
    tally.calls &-= other.calls
    tally.failures &-= other.failures
    tally.slow &-= other.slow
  }
}

/// What became of one call, as far as a window is concerned.
struct CallResult: Sendable, Hashable {
  var failed: Bool
  var slow: Bool
}
