internal import ResilienceCore

/// Requests that wait for their reply, by correlation id.
struct PendingRequests {
  enum Answer: Sendable {
    case reply(Message)
    case failure(DeadLetter.Reason)
  }

  private struct Pending {
    let replyType: String
    let waiter: Waiter
    var answer: Answer?
  }

  private var pending: [Identifier: Pending] = [:]

  var count: Int { pending.count }

  mutating func add(_ id: String, replyType: String, _ waiter: Waiter) {
    pending[Identifier(id)] = Pending(replyType: replyType, waiter: waiter)
  }

  /// Ends a request, whatever the outcome, with the answer that has come.
  mutating func remove(_ id: String) -> Answer? {
    pending.removeValue(forKey: Identifier(id))?.answer
  }

  /// - Returns: Whether the message is the first answer to a request that waits.
  mutating func resolve(with message: Message, _ wakeups: inout [Waiter]) -> Bool {
    guard !pending.isEmpty, let id = message.envelope.correlationID,
      pending[Identifier(id)]?.replyType.isIdentical(to: message.envelope.type) == true
    else { return false }
    return answer(id, .reply(message), &wakeups)
  }

  /// A responder's group was given up on the request.
  mutating func fail(_ request: EventEnvelope, _ reason: DeadLetter.Reason, _ wakeups: inout [Waiter]) {
    _ = answer(request.id, .failure(reason), &wakeups)
  }

  private mutating func answer(_ id: String, _ answer: Answer, _ wakeups: inout [Waiter]) -> Bool {
    let id = Identifier(id)
    guard let waiter = pending[id]?.waiter, pending[id]?.answer == nil else { return false }
    pending[id]?.answer = answer
    wakeups.append(waiter)
    return true
  }
}
