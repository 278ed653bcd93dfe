internal import NIOCore
internal import Resilience

extension Hub {
  /// The requests about events, by their paths.
  var eventRequests: [(String, Answer)] {
    [
      (
        HubPath.publish,
        { [broker] body in
          try await broker.publish(try EncodedEvent.events(jsonBatch: Array(body.readableBytesView)))
          return try HubFrame(HubNothing()).bytes()
        }
      ),
      (
        HubPath.join,
        Self.answering { [broker, sessions] (frame: HubFrame<HubJoin>) in
          let group = try frame.head.group.group()
          let id = try HubSessions.checked(frame.head.session)
          let consumer = try await broker.join(group)
          do {
            try sessions.add(HubSession(consumer, group: group.name), as: id)
          } catch {
            try await consumer.leave()
            throw error
          }
          return HubFrame(HubJoined(heartbeatNanoseconds: consumer.heartbeatInterval.clampedToNanoseconds))
        }
      ),
      (
        HubPath.receive,
        { [self] body in
          let asked = try HubFrame<HubReceive>(reading: body).head
          let session = try sessions.session(asked.session)
          return try await ending(asked.session) {
            try await session.receive(asked, within: wait(asked.waitNanoseconds), maxBytes: maxBodyBytes)
          }
        }
      ),
      (
        HubPath.settle,
        Self.answering { [self] (frame: HubFrame<HubSettle>) in
          let session = try sessions.session(frame.head.session)
          var events = frame.events[...]
          let settlements = try frame.head.settlements.map { try $0.settlement(taking: &events) }
          guard events.isEmpty else {
            throw HubRefusal("settlements.events", "\(events.count) left", "as many as there are")
          }
          let stale = try await ending(frame.head.session) { try await session.consumer.settle(settlements) }
          return HubFrame(HubSettled(stale: stale.map { HubReceipt($0) }))
        }
      ),
      (
        HubPath.heartbeat,
        Self.answering { [self] (frame: HubFrame<HubSessionOnly>) in
          let session = try sessions.session(frame.head.session)
          try await ending(frame.head.session) { try await session.consumer.heartbeat() }
          return HubFrame(HubNothing())
        }
      ),
      (
        HubPath.leave,
        Self.answering { [sessions] (frame: HubFrame<HubSessionOnly>) in
          let id = try HubSessions.checked(frame.head.session)
          try await sessions.takeLeaving(id)?.leave(heard: frame.head.heard)
          return HubFrame(HubNothing())
        }
      ),
      (
        HubPath.removeGroup,
        Self.answering { [broker] (frame: HubFrame<HubGroupOnly>) in
          HubFrame(HubAnswer(isThere: try await broker.removeGroup(frame.head.name)))
        }
      ),
    ]
  }

  /// Forgets the session if it turns out to have ended.
  private func ending<Value>(
    _ id: String, _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch let error as BrokerSessionEnded {
      sessions.remove(id)
      throw error
    }
  }
}

/// Where the requests are, below the hub's own path.
enum HubPath {
  static let publish = "events/publish"
  static let join = "events/join"
  static let receive = "events/receive"
  static let settle = "events/settle"
  static let heartbeat = "events/heartbeat"
  static let leave = "events/leave"
  static let removeGroup = "events/remove-group"
  static let letters = "dead-letters/list"
  static let removeLetter = "dead-letters/remove"
  static let redrive = "dead-letters/redrive"
  static let grant = "registry/grant"
  static let keepAlive = "registry/keep-alive"
  static let revoke = "registry/revoke"
  static let write = "registry/write"
  static let remove = "registry/remove"
  static let list = "registry/list"
  static let follow = "registry/follow"
}
