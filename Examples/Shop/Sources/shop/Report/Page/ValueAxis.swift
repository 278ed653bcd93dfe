/// Values from the bottom to the top, from zero to a round number.
struct ValueAxis: Sendable {
  let top: Double
  let step: Double

  /// - Parameter highest: What has to find room.
  init(highest: Double) {
    let wanted = max(highest, 1) / 4
    var power = 1.0
    while power * 10 <= wanted { power *= 10 }
    while power > wanted { power /= 10 }
    step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= wanted } ?? wanted
    top = (max(highest, 1) / step).rounded(.up) * step
  }

  var ticks: [Double] { Array(stride(from: 0, through: top + step / 2, by: step)) }

  func label(_ value: Double) -> String { Decimal.text(value, step < 1 ? (step < 0.1 ? 2 : 1) : 0) }
}
