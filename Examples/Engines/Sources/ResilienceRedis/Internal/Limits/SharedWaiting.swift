/// The calls that wait until Redis has answered.
struct SharedWaiting: Sendable {
  enum Wake: Sendable {
    case answered, cancelled, deadline
  }

  typealias Waiter = PendingReply<Wake, Never>

  private var waiters: [Waiter] = []

  var count: Int { waiters.count }

  mutating func add(_ waiter: Waiter) { waiters.append(waiter) }

  mutating func takeAll() -> [Waiter] {
    defer { waiters = [] }
    return waiters
  }
}

/// What a shared limiter has done.
struct SharedCounts: Sendable {
  var acquired = 0
  var acquiredAlone = 0
  var refused = 0
  var waiting = 0
}

extension LeaseState.Step {
  /// Whether the call goes on when Redis has answered.
  var waits: Bool {
    switch self {
    case .ask, .wait: true
    case .acquired, .refused, .fallback, .full: false
    }
  }
}
