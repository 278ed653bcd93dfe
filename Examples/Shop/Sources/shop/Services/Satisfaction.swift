import Resilience
import Synchronization

/// Satisfaction: how happy customers are, from 5 for an order that leaves the warehouse within ten minutes
/// down to 1.
final class Satisfaction: Sendable {
  private let points = Mutex<[String: Int]>([:])

  init(_ platform: Platform) throws {
    try platform.subscribe(to: Topic.orderShipped, as: "satisfaction") { [self] event in
      let minutes = event.data.created.nanoseconds(to: CallContext.current.readClock()) / 60_000_000_000
      // What comes a second time makes nobody happier.
      points.withLock { points in
        if points[event.data.order] == nil { points[event.data.order] = Int(max(1, 5 - minutes / 10)) }
      }
    }
  }

  /// The mean of so many orders; whose order never came gives 0.
  func mean(of orders: Int) -> Double {
    orders == 0 ? 0 : Double(points.withLock { $0.values.reduce(0, +) }) / Double(orders)
  }
}
