import Hummingbird
import Resilience
import Synchronization

/// Analytics: counts what happens, by type of event, since it was started.
final class Analytics: StorefrontService {
  static let name = "analytics"
  static let isRepeatable = false

  private let counts = Mutex<[String: Int]>([:])

  init(_ platform: Platform) throws {
    try platform.bus.subscribe(matching: .prefix("order_"), group: Self.name) { [self] event in
      counts.withLock { $0[event.type, default: 0] += 1 }
    }
  }

  func addRoutes(to router: Router<StorefrontContext>) {
    router.get("books") { [self] _, _ in counts.withLock { $0 } }
  }
}
