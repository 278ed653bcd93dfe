/// The latest results, one bit each: exact counts over a ring.
// @unchecked: it owns its memory alone, as it cannot be copied. An array would ask for that with every result.
struct ResultWindow: ~Copyable, @unchecked Sendable {
  private let words: UnsafeMutablePointer<UInt64>
  private let wordCount: Int
  private let capacity: Int
  private var position = 0
  private(set) var count = 0
  private(set) var failures = 0

  init(capacity: Int) {
    self.capacity = capacity
    wordCount = (capacity + 63) / 64
    words = .allocate(capacity: wordCount)
    words.initialize(repeating: 0, count: wordCount)
  }

  deinit {
    words.deallocate()
  }

  /// The share of failures; a division, so that 3 of 30 equals the literal 0.1.
  var failureRate: Double { Double(failures) / Double(count) }

  @inline(__always)
  mutating func append(failure: Bool) {
    let index = position >> 6
    let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: position & 63)
    let wasFailure = words[index] & bit != 0
    if wasFailure != failure {
      words[index] ^= bit
      failures &+= failure ? 1 : -1
    }
    position &+= 1
    if position == capacity { position = 0 }
    if count < capacity { count &+= 1 }
  }

  mutating func removeAll() {
    words.update(repeating: 0, count: wordCount)
    (position, count, failures) = (0, 0, 0)
  }
}
