internal import Resilience
internal import Synchronization

/// A consumer whose session is in a hub.
final class RemoteConsumer: BrokerConsumer {
  /// One call, and its latest request.
  private struct Poll: Sendable {
    let number: UInt64
    var attempt: UInt64
  }

  private struct State {
    var nextPoll: UInt64 = 1
    /// Calls that were not answered: the next ones ask for what was handed out to them.
    var unanswered: [Poll] = []
    /// Calls that were answered, which the hub does not know yet.
    var heard: [UInt64] = []
    /// What was handed out beyond the limit of a call that asked again.
    var spare: [BrokerDelivery] = []
    /// What is a dead letter since its settlement was too large for the hub, which would refuse it again.
    var givenUp: Set<BrokerReceipt> = []
  }

  /// How long a call that is cancelled waits for what was handed out to it.
  private static let farewell = Duration.seconds(1)

  let heartbeatInterval: Duration
  let broker: RemoteBroker
  private let group: String
  let session: String
  private let state = Mutex(State())

  init(_ broker: RemoteBroker, _ group: String, session: String, heartbeatInterval: Duration) {
    self.broker = broker
    self.group = group
    self.session = session
    self.heartbeatInterval = heartbeatInterval
  }

  private var ended: BrokerSessionEnded { BrokerSessionEnded(group: group) }

  // MARK: - Receiving

  func receive(limit: Int) async throws -> [BrokerDelivery] {
    let limit = max(1, limit)
    while true {
      try Task.checkCancellation()
      if let spare = takeSpare(limit) { return spare }
      let begin = CallContext.current.readClock()
      let deliveries = try await poll(limit)
      if !deliveries.isEmpty { return keepingSpare(deliveries, limit) }
      try await broker.client.pause(ifSoonAfter: begin)
    }
  }

  private func poll(_ limit: Int) async throws -> [BrokerDelivery] {
    var (poll, heard) = state.withLock { state in
      defer { state.heard = [] }
      if let poll = state.unanswered.popLast() { return (poll, state.heard) }
      defer { state.nextPoll += 1 }
      return (Poll(number: state.nextPoll, attempt: 1), state.heard)
    }
    do {
      if let deliveries = try await ask(poll, heard, limit) { return deliveries }
      noteUnanswered(poll, heard)
      return []
    } catch is BrokerSessionEnded {
      throw ended
    } catch {
      if Task.isCancelled {
        poll.attempt += 1
        if let deliveries = try? await end(poll, heard, limit), !deliveries.isEmpty { return deliveries }
        throw CancellationError()
      }
      noteUnanswered(poll, heard)
      throw error
    }
  }

  private func noteUnanswered(_ poll: Poll, _ heard: [UInt64]) {
    let next = Poll(number: poll.number, attempt: poll.attempt + 1)
    state.withLock { state in
      state.unanswered.append(next)
      state.heard += heard
    }
  }

  /// Ends a call that waits in the hub.
  ///
  /// - Returns: What was handed out to it. When that is not known, the next call asks.
  private func end(_ poll: Poll, _ heard: [UInt64], _ limit: Int) async throws -> [BrokerDelivery] {
    try await shielded { [self] in
      do {
        if let deliveries = try await ask(poll, heard, limit, isLast: true) { return deliveries }
      } catch {
        noteUnanswered(poll, heard)
        throw error
      }
      noteUnanswered(poll, heard)
      return []
    }
  }

  /// - Parameter isLast: Whether a call that waits is to end.
  private func ask(
    _ poll: Poll, _ heard: [UInt64], _ limit: Int, isLast: Bool = false
  ) async throws -> [BrokerDelivery]? {
    let wait: Duration = isLast ? .zero : HubClient.wait
    let answer: HubFrame<HubReceived>? = try await broker.client.poll(
      HubPath.receive,
      HubReceive(
        session: session, poll: poll.number, attempt: poll.attempt, heard: heard, limit: limit,
        waitNanoseconds: wait.clampedToNanoseconds),
      within: isLast ? Self.farewell : nil)
    guard let answer else { return nil }
    guard answer.head.deliveries.count == answer.events.count else {
      throw broker.client.unreadable(
        HubPath.receive, "\(answer.head.deliveries.count) deliveries, and \(answer.events.count) events")
    }
    state.withLock { $0.heard.append(poll.number) }
    return zip(answer.head.deliveries, answer.events).map { $0.delivery(of: $1) }
  }

  /// What was given up has been settled by that.
  func isGivenUp(_ receipt: BrokerReceipt) -> Bool { state.withLock { $0.givenUp.contains(receipt) } }

  func noteGivenUp(_ receipt: BrokerReceipt) {
    _ = state.withLock { $0.givenUp.insert(receipt) }
  }

  private func takeSpare(_ limit: Int) -> [BrokerDelivery]? {
    state.withLock { state in
      guard !state.spare.isEmpty else { return nil }
      defer { state.spare = Array(state.spare.dropFirst(limit)) }
      return Array(state.spare.prefix(limit))
    }
  }

  private func keepingSpare(_ deliveries: [BrokerDelivery], _ limit: Int) -> [BrokerDelivery] {
    guard deliveries.count > limit else { return deliveries }
    state.withLock { $0.spare += deliveries[limit...] }
    return Array(deliveries[..<limit])
  }

  // MARK: - The session

  func heartbeat() async throws {
    do {
      let _: HubFrame<HubNothing> = try await broker.client.ask(
        HubPath.heartbeat, HubSessionOnly(session: session), within: min(broker.timeout, heartbeatInterval))
    } catch is BrokerSessionEnded {
      throw ended
    }
  }

  func leave() async throws {
    let heard = state.withLock { $0.heard }
    try await shielded { [self] in
      let _: HubFrame<HubNothing> = try await broker.client.ask(
        HubPath.leave, HubSessionOnly(session: session, heard: heard))
    }
  }
}
