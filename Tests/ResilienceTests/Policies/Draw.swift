import ResilienceCore

/// Chance, from a seed.
struct Draw: Sendable {
  private let random: SeededRandomSource

  init(seed: UInt64) {
    random = SeededRandomSource(seed: seed)
  }

  func below(_ bound: Int) -> Int { random.next(below: bound) }

  func one<Values: RandomAccessCollection<Value>, Value>(of values: Values) -> Value
  where Values.Index == Int {
    values[values.startIndex + below(values.count)]
  }

  /// From the ends of the range as often as from within it.
  func integer(in range: ClosedRange<Int64>) -> Int64 {
    let span = UInt64(bitPattern: range.upperBound &- range.lowerBound)
    return switch below(8) {
    case 0: range.lowerBound
    case 1: range.upperBound
    case 2...5: range.lowerBound &+ Int64(bitPattern: min(span, UInt64(below(200))))
    default:
      range.lowerBound
        &+ Int64(
          bitPattern: span == .max ? random.next() : random.next().multipliedFullWidth(by: span + 1).high)
    }
  }

  func number(in range: ClosedRange<Double>) -> Double {
    switch below(8) {
    case 0: return range.lowerBound
    case 1: return range.upperBound
    default:
      let upper = min(range.upperBound, range.lowerBound + 1000)
      return range.lowerBound + (upper - range.lowerBound) * Double(below(1 << 20)) / Double(1 << 20)
    }
  }
}
