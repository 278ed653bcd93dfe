import Resilience

/// The trace of the order that took longest, as text.
enum Waterfall {
  static func ofSlowestOrder(_ house: House) -> String {
    let traces = house.store.traces
    guard let slowest = traces.max(by: { $0.duration < $1.duration }) else { return "" }
    return house.store.waterfall(of: slowest.id)
  }
}
