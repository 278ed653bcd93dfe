internal import NIOCore
internal import Resilience
internal import Synchronization

/// The session of a consumer in another process, and what was handed out to it and may not have arrived.
final class HubSession: Sendable {
  /// An answer, and what is in it.
  struct Answer: Sendable {
    let deliveries: [BrokerDelivery]
    let bytes: ByteBuffer
  }

  private struct State {
    var polls = HubPolls<Task<Answer, any Error>>()
    /// What was received, and did not fit into an answer.
    var spare: [BrokerDelivery] = []
    var lastUse: Instant
  }

  private static let maxLimit = 1000

  let consumer: any BrokerConsumer
  let group: String
  private let state: Mutex<State>

  init(_ consumer: any BrokerConsumer, group: String) {
    self.consumer = consumer
    self.group = group
    state = Mutex(State(lastUse: CallContext.current.readClock()))
  }

  // MARK: - Its time

  func noteUse() {
    let now = CallContext.current.readClock()
    state.withLock { $0.lastUse = now }
  }

  /// Whether the broker has ended it for long; `maxWait` is how long a call may wait in the broker.
  func isOver(at now: Instant, maxWait: Duration) -> Bool {
    state.withLock { $0.lastUse }.advanced(by: maxWait).advanced(by: consumer.heartbeatInterval * 10) < now
  }

  // MARK: - Receiving

  /// Hands out what there is or comes within the time; nothing when nothing comes.
  func receive(_ asked: HubReceive, within limit: Duration, maxBytes: Int) async throws -> ByteBuffer {
    let task: Task<Answer, any Error>? = state.withLock { state in
      for poll in asked.heard { state.polls.end(poll) }
      var task: Task<Answer, any Error>?
      _ = state.polls.begin(asked.poll, attempt: asked.attempt) { earlier in
        // Not a child: the next request for this call takes its place. What waits for an answer that nobody hears ends,
        // with what it has; not under the lock, as cancelling runs the handlers of whoever waits.
        let begun = Task {
          earlier?.cancel()
          if let earlier, let answer = try? await earlier.value, !answer.deliveries.isEmpty { return answer }
          return try await self.answer(min(max(1, asked.limit), Self.maxLimit), within: limit, maxBytes)
        }
        task = begun
        return begun
      }
      return task
    }
    guard let task else { throw HubRefusal("poll", "\(asked.poll)", "an open one, with a later attempt") }
    return try await task.value.bytes
  }

  private func answer(_ limit: Int, within time: Duration, _ maxBytes: Int) async throws -> Answer {
    var deliveries = state.withLock { state in
      defer { state.spare = Array(state.spare.dropFirst(limit)) }
      return Array(state.spare.prefix(limit))
    }
    if deliveries.isEmpty {
      deliveries = try await within(time) { [consumer] in try await consumer.receive(limit: limit) } ?? []
    }
    var (batch, count) = (HubBatch(), 0)
    for delivery in deliveries {
      let json = delivery.event.json()
      guard count == 0 || batch.count + json.count <= maxBytes else { break }
      batch.append(json)
      count += 1
    }
    let rest = deliveries[count...]
    if !rest.isEmpty { state.withLock { $0.spare.insert(contentsOf: rest, at: 0) } }
    let heads = deliveries.prefix(count).map { HubDelivery($0) }
    return Answer(
      deliveries: Array(deliveries.prefix(count)),
      bytes: try HubFrame.bytes(HubReceived(deliveries: heads), batch: batch))
  }

  // MARK: - Leaving

  /// Ends the session; what has not arrived counts as not handed out.
  func leave(heard: [UInt64]) async throws {
    let (polls, spare) = state.withLock { state in
      for poll in heard { state.polls.end(poll) }
      return (state.polls.takeAll(), state.spare)
    }
    var unheard = spare
    for poll in polls {
      poll.cancel()
      unheard += (try? await poll.value)?.deliveries ?? []
    }
    if !unheard.isEmpty {
      _ = try? await consumer.settle(
        unheard.map { BrokerSettlement($0.receipt, .returned(deliveries: $0.deliveries)) })
    }
    try await consumer.leave()
  }
}
