/// The latest results, one bit each: exact counts over a ring.
struct ResultWindow: Sendable {
  private var words: [UInt64]
  private let capacity: Int
  private var position = 0
  private(set) var count = 0
  private(set) var failures = 0

  init(capacity: Int) {
    self.capacity = capacity
    words = Array(repeating: 0, count: (capacity + 63) / 64)
  }

  /// The share of failures; a division, so that 3 of 30 equals the literal 0.1.
  var failureRate: Double { Double(failures) / Double(count) }

  mutating func append(failure: Bool) {
    let (index, shift) = (position >> 6, UInt64(position & 63))
    let bit: UInt64 = failure ? 1 : 0
    let word = words[index]
    failures &+= Int(bit) &- Int((word &>> shift) & 1)
    words[index] = (word & ~(1 &<< shift)) | (bit &<< shift)
    position &+= 1
    if position == capacity { position = 0 }
    if count < capacity { count &+= 1 }
  }

  mutating func removeAll() {
    for index in words.indices { words[index] = 0 }
    (position, count, failures) = (0, 0, 0)
  }
}
