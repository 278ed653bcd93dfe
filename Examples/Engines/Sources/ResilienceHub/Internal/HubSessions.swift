internal import Resilience
internal import Synchronization

/// The sessions of consumers in other processes, by the names that those gave them.
final class HubSessions: Sendable {
  private static let maxSessions = 10_000

  private let sessions = Mutex<[String: HubSession]>([:])

  /// Adds one, and lets those go that have ended without a word.
  func add(_ session: HubSession, as id: String, maxWait: Duration) async throws {
    let now = CallContext.current.readClock()
    let over: [HubSession] = try sessions.withLock { sessions in
      let over = sessions.filter { $0.value.isOver(at: now, maxWait: maxWait) }
      for id in over.keys { sessions[id] = nil }
      guard sessions.count < Self.maxSessions else {
        throw HubCrowded(what: "sessions", limit: Self.maxSessions)
      }
      guard sessions[id] == nil else {
        throw HubRefusal("session", id, "another one than that of a consumer")
      }
      sessions[id] = session
      return Array(over.values)
    }
    for session in over { try? await session.leave(heard: []) }
  }

  /// - Throws: `BrokerSessionEnded`, of an unnamed group, when it is not there.
  func session(_ id: String) throws -> HubSession {
    guard let session = sessions.withLock({ $0[id] }) else { throw BrokerSessionEnded(group: "") }
    session.noteUse()
    return session
  }

  @discardableResult
  func remove(_ id: String) -> HubSession? { sessions.withLock { $0.removeValue(forKey: id) } }

  static func checked(_ id: String) throws -> String {
    guard (16...64).contains(id.utf8.count) else { throw HubRefusal("session", id, "16 to 64 bytes") }
    return id
  }
}
