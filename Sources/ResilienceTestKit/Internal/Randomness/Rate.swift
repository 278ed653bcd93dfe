/// A share of cases, decided by one draw of 64 bits each.
struct Rate: Sendable, Hashable {
  private let threshold: UInt64
  private let isAlways: Bool

  init(_ rate: Double, of what: @autoclosure () -> String) {
    precondition((0...1).contains(rate), "the rate of \(what()) must be in 0 ... 1, was \(rate)")
    isAlways = rate == 1
    threshold = isAlways ? .max : UInt64(rate * 0x1p64)
  }

  /// Whether it happens this time. Does not draw when it is certain either way.
  func happens(drawing draw: () -> UInt64) -> Bool {
    isAlways || (threshold > 0 && draw() < threshold)
  }
}
