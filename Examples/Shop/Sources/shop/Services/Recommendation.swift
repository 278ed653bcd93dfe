import Resilience
import Synchronization

/// Recommendation: what customers put into the cart one after the other belongs together.
final class Recommendation: Sendable {
  private struct State {
    var last: [String: String] = [:]
    var besides: [String: String] = [:]
  }

  private let state = Mutex(State())

  init(_ platform: Platform) throws {
    try platform.subscribe(to: Topic.cartAdd, as: "recommendation") { [self] event in
      let added = event.data
      state.withLock { state in
        if let last = state.last.updateValue(added.sku, forKey: added.customer), last != added.sku {
          state.besides[last] = added.sku
        }
      }
    }
  }

  /// A product that was bought besides this one.
  func besides(_ sku: String) -> String? { state.withLock { $0.besides[sku] } }
}
