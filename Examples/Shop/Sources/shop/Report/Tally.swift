import Synchronization

/// Counts things by name.
final class Tally: Sendable {
  private let counts = Mutex<[String: Int]>([:])

  func count(_ name: String, by amount: Int = 1) {
    counts.withLock { $0[name, default: 0] += amount }
  }

  subscript(name: String) -> Int { counts.withLock { $0[name] ?? 0 } }

  var all: [String: Int] { counts.withLock { $0 } }
}
