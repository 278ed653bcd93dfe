import Foundation

/// Values from the bottom to the top, from zero to a round number.
struct ValueAxis: Sendable {
  enum Scale: Sendable {
    case even
    /// Each tick is ten times the one below it, from `first` on; what is below `first` has a tenth of the
    /// room or so.
    case tenfold(first: Double)
  }

  let ticks: [Double]
  private let top: Double
  private let scale: Scale

  /// - Parameter highest: What has to find room.
  init(highest: Double, scale: Scale = .even) {
    self.scale = scale
    switch scale {
    case .even:
      let step = Self.roundStep(max(highest, 1) / 4)
      let count = Int((max(highest, 1) / step).rounded(.up))
      ticks = (0...count).map { Double($0) * step }
      top = Double(count) * step
    case .tenfold(let first):
      var ticks = [0, first]
      while ticks[ticks.count - 1] * 10 <= highest { ticks.append(ticks[ticks.count - 1] * 10) }
      self.ticks = ticks
      top = max(highest * 1.2, first * 2)
    }
  }

  /// How high a value is: 0 at the bottom, 1 at the top.
  func height(_ value: Double) -> Double {
    switch scale {
    case .even: value / top
    case .tenfold(let first): log1p(value / first) / log1p(top / first)
    }
  }

  /// With as many places as it takes, at most two.
  func label(_ value: Double) -> String {
    let places = [1.0, 10, 100].firstIndex { abs(value * $0 - (value * $0).rounded()) < 1e-6 }
    return Decimal.text(value, places ?? 2)
  }

  /// 1, 2 or 5 with zeros behind it or before it, not below `wanted`.
  private static func roundStep(_ wanted: Double) -> Double {
    var power = 1.0
    while power * 10 <= wanted { power *= 10 }
    while power > wanted { power /= 10 }
    return [1, 2, 5, 10].map { $0 * power }.first { $0 >= wanted } ?? wanted
  }
}
