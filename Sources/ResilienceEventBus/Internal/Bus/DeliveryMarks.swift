internal import ResilienceCore

/// Numbers for the groups of all buses of the process: what a handler's calls are known by.
enum DeliveryMarks {
  private struct State {
    var free: [UInt16] = []
    var next: UInt16 = 1
  }

  private static let last: UInt16 = 2047
  private static let state = Lock(State())

  /// A number that no other group has; 0 when there is none left.
  static func take() -> UInt16 {
    state.withLock { state in
      if let mark = state.free.popLast() { return mark }
      guard state.next <= last else { return 0 }
      defer { state.next += 1 }
      return state.next
    }
  }

  static func giveBack(_ mark: UInt16) {
    guard mark != 0 else { return }
    state.withLock { $0.free.append(mark) }
  }
}
