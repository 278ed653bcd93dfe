internal import ResilienceCore

/// The hosts that run, for what is said when nothing moves any more.
final class HostList: Sendable {
  private struct State {
    var count = 0
    var lives: [(name: String, life: HostLife)] = []
  }

  private let state = Lock(State())

  /// What waits on each host, sorted.
  var waiting: [String] {
    let lives = state.withLock { $0.lives }
    return lives.sorted { $0.name < $1.name }.filter { !$0.life.hasEnded }
      .flatMap { host in host.life.waitRegistry.entries.map { "\(host.name): \($0)" } }
  }

  func nextNumber() -> Int {
    state.withLock { state in
      defer { state.count += 1 }
      return state.count
    }
  }

  func append(_ name: String, _ life: HostLife) {
    state.withLock { state in
      state.lives.removeAll { $0.life.hasEnded }
      state.lives.append((name, life))
    }
  }
}
