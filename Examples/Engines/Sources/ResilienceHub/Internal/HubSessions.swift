internal import Resilience
internal import Synchronization

/// The sessions of consumers in other processes, by the names that those gave them.
final class HubSessions: Sendable {
  private struct State {
    var sessions: [String: HubSession] = [:]
    /// When those were left that were not there: a join that was overtaken must not begin one.
    var left: [String: Instant] = [:]
    var nextSweep: Instant?
  }

  private static let maxSessions = 10_000
  private static let maxLeft = 10_000
  /// How long a join may be on its way.
  private static let leftTime = Duration.seconds(300)
  private static let sweepInterval = Duration.milliseconds(100)

  private let state = Mutex(State())

  /// - Throws: `BrokerSessionEnded` when it was left already.
  func add(_ session: HubSession, as id: String) throws {
    try state.withLock { state in
      guard state.left[id] == nil else { throw BrokerSessionEnded(group: session.group) }
      guard state.sessions.count < Self.maxSessions else {
        throw HubCrowded(what: "sessions", limit: Self.maxSessions)
      }
      guard state.sessions[id] == nil else {
        throw HubRefusal("session", id, "another one than that of a consumer")
      }
      state.sessions[id] = session
    }
  }

  /// - Throws: `BrokerSessionEnded`, of an unnamed group, when it is not there.
  func session(_ id: String) throws -> HubSession {
    guard let session = state.withLock({ $0.sessions[id] }) else { throw BrokerSessionEnded(group: "") }
    session.noteUse()
    return session
  }

  /// Forgets one that has turned out to have ended.
  func remove(_ id: String) {
    _ = state.withLock { $0.sessions.removeValue(forKey: id) }
  }

  /// Takes one out that is to be left; one that is not there cannot begin any more.
  func takeLeaving(_ id: String) -> HubSession? {
    let now = CallContext.current.readClock()
    return state.withLock { state in
      if let session = state.sessions.removeValue(forKey: id) { return session }
      // Whoever finds no room here has a session that ends by its time.
      if state.left.count < Self.maxLeft { state.left[id] = now }
      return nil
    }
  }

  /// Lets those go that have ended without a word, with what they had not heard of. Nobody waits for that: a broker may
  /// take its time.
  ///
  /// - Parameter maxWait: How long a call may wait in the broker.
  func dropEnded(maxWait: Duration) {
    let context = CallContext.current
    let now = context.readClock()
    let ended: [HubSession] = state.withLock { state in
      guard now >= state.nextSweep ?? now else { return [] }
      state.nextSweep = now.advanced(by: Self.sweepInterval)
      state.left = state.left.filter { now < $0.value.advanced(by: Self.leftTime) }
      let ended = state.sessions.filter { $0.value.isOver(at: now, maxWait: maxWait) }
      for id in ended.keys { state.sessions[id] = nil }
      return Array(ended.values)
    }
    for session in ended {
      Task(executorPreference: context.executor) { try await session.leave(heard: []) }
    }
  }

  static func checked(_ id: String) throws -> String {
    guard (16...64).contains(id.utf8.count) else { throw HubRefusal("session", id, "16 to 64 bytes") }
    return id
  }
}
