internal import Synchronization

/// Holds whoever comes until it is opened.
public final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var visitors = 0
    var held: [CheckedContinuation<Void, Never>] = []
    var watchers: [(count: Int, CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  /// Creates a gate that is closed.
  public init() {}

  /// Waits until the gate is open.
  public func pass() async {
    await withCheckedContinuation { continuation in
      let resumed = state.withLock { state in
        state.visitors += 1
        if !state.isOpen { state.held.append(continuation) }
        let visitors = state.visitors
        let ready = state.watchers.filter { $0.count <= visitors }.map(\.1)
        state.watchers.removeAll { $0.count <= visitors }
        return state.isOpen ? ready + [continuation] : ready
      }
      for continuation in resumed { continuation.resume() }
    }
  }

  /// Waits until so many have come, let through or not.
  public func waitForVisitors(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.visitors < count { state.watchers.append((count, continuation)) }
        return state.visitors >= count
      }
      if isThere { continuation.resume() }
    }
  }

  /// Lets all through, now and later.
  public func open() {
    let held = state.withLock { state in
      state.isOpen = true
      defer { state.held = [] }
      return state.held
    }
    for continuation in held { continuation.resume() }
  }
}
