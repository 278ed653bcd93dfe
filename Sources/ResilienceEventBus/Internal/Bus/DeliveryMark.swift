internal import ResilienceCore

/// A number for a group that no other one of the process has meanwhile: what a handler's calls are known by.
///
/// It is free again when the group and the handlers that it runs are gone.
final class DeliveryMark: Sendable {
  private struct State {
    var free: [UInt16] = []
    var next: UInt16 = 1
  }

  private static let last: UInt16 = 2047
  private static let state = Lock(State())

  /// 0 when there was none left.
  let number: UInt16

  init() {
    number = Self.take()
  }

  deinit {
    let number = number
    if number != 0 { Self.state.withLock { $0.free.append(number) } }
  }

  private static func take() -> UInt16 {
    state.withLock { state in
      if let mark = state.free.popLast() { return mark }
      guard state.next <= last else { return 0 }
      defer { state.next += 1 }
      return state.next
    }
  }
}
