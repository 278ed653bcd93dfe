/// What goes wrong today, and when: the same for both runs of the day.
///
/// Times are seconds after opening; the windows are shares of the opening time, so that any day has them.
struct FaultSchedule: Sendable {
  /// The shop is open for this many seconds.
  let openSeconds: Int

  /// When the shop is busiest: the flood comes on top of it.
  let busiestSecond: Int

  /// What the customers ask for in the busiest minute of the day, in a second.
  let busyRequestsPerSecond: Double

  /// The payment provider takes seconds to answer, and drops connections after five.
  var slowPayment: Range<Int> { window(0.25, 0.35) }

  /// The first inventory instance is gone.
  var deadInventory: Range<Int> { window(0.42, 0.52) }

  /// The second inventory instance answers 30 % of the calls with an error.
  var flakyInventory: Range<Int> { window(0.55, 0.80) }
  static let flakiness = 0.3

  /// Ten times the traffic of the busiest minute, for six minutes.
  var flood: Range<Int> { busiestSecond..<(busiestSecond + Self.floodSeconds) }
  static let floodSeconds = 360

  /// Ten times that, and one a second at least.
  var floodRequestsPerSecond: Double { max(1, 10 * busyRequestsPerSecond) }

  /// An event with contents that nobody can handle is published at these times.
  var poison: [Int] { [0.15, 0.5, 0.9].map(at) }

  /// Requests arrive whose sender has stopped waiting.
  var expired: [Int] { [0.2, 0.21, 0.75, 0.95].map(at) }

  /// Every how many orders the broker delivers an `order_created` twice.
  static let duplicateEvery = 8

  private func at(_ share: Double) -> Int { Int(Double(openSeconds) * share) }

  private func window(_ from: Double, _ to: Double) -> Range<Int> { at(from)..<at(to) }
}
