internal import ResilienceCore

/// What became of the calls to one registration since the last sweep.
struct OutcomeCount: BitwiseCopyable {
  /// The registration; counts of another one in the same slot are dropped.
  private(set) var epoch: UInt64 = 0
  private(set) var successes: UInt32 = 0
  private(set) var failures: UInt32 = 0

  init(epoch: UInt64 = 0, successes: UInt32 = 0, failures: UInt32 = 0) {
    self.epoch = epoch
    self.successes = successes
    self.failures = failures
  }

  var calls: Int { Int(successes) + Int(failures) }
  var successRate: Double { Double(successes) / Double(max(1, calls)) }
  var failureRate: Double { Double(failures) / Double(max(1, calls)) }

  mutating func note(_ succeeded: Bool, epoch: UInt64) {
    if self.epoch != epoch { self = OutcomeCount(epoch: epoch) }
    if succeeded { successes.increase() } else { failures.increase() }
  }
}

extension UInt32 {
  mutating func increase() { self = addingSaturating(1) }
}
