internal import ResilienceCore

/// What one call of a handler behind an outbox has published so far.
final class OutboxScope: Sendable {
  struct Item: Sendable {
    let message: Message
    /// `nil` for as soon as the handler has succeeded.
    let later: Later?
  }

  struct Later: Sendable {
    let due: Instant
    /// As it was asked for.
    let delay: Duration
  }

  private struct State {
    var items: [Item] = []
    var isClosed = false
  }

  @TaskLocal static var current: OutboxScope?

  /// Whether an inbox around it remembers the event once the handler has returned: then what it published
  /// must be stored before, and not with the acknowledgement, which may be lost.
  @TaskLocal static var isBehindInbox = false

  let bus: EventBus
  private let outer: OutboxScope?
  private let state = Lock(State())

  init(for bus: EventBus) {
    self.bus = bus
    outer = Self.current
  }

  /// The innermost scope of this task for a bus.
  static func current(for bus: EventBus) -> OutboxScope? {
    var scope = current
    while let candidate = scope, candidate.bus !== bus { scope = candidate.outer }
    return scope
  }

  /// The scope for the same bus that this one is within.
  var enclosing: OutboxScope? {
    var scope = outer
    while let candidate = scope, candidate.bus !== bus { scope = candidate.outer }
    return scope
  }

  /// Keeps events until the handler's end: all, or with an error none.
  func collect(_ items: [Item]) throws {
    guard let first = items.first else { return }
    enum Answer { case kept, closed, full }
    let capacity = bus.policy.queueCapacity
    let answer: Answer = state.withLock { state in
      if state.isClosed { return .closed }
      if state.items.count > capacity - items.count { return .full }
      state.items += items
      return .kept
    }
    switch answer {
    case .kept: return
    case .closed: throw OutboxClosed(type: first.message.envelope.type)
    case .full:
      throw QueueFull(type: first.message.envelope.type, group: "outbox", capacity: capacity, retryAt: nil)
    }
  }

  /// Ends it: what was published is the caller's.
  func close() -> [Item] {
    state.withLock { state in
      state.isClosed = true
      defer { state.items = [] }
      return state.items
    }
  }

  /// Runs `body` with this as the task's scope.
  func bind<Result>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    try await Self.$current.withValue(self) {
      _ = isolation
      return try await body()
    }
  }

  /// Runs `body`, after which an inbox remembers the event.
  static func behindInbox<Result>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    try await $isBehindInbox.withValue(true) {
      _ = isolation
      return try await body()
    }
  }
}
