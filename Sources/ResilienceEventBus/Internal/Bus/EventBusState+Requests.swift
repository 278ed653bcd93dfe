internal import ResilienceCore

// Who waits for replies.

extension EventBusState {
  /// Notes a request that is about to be published.
  ///
  /// - Parameter mark: Of the group whose handler asks; 0 for none.
  /// - Returns: That group, when it is the only one that would answer.
  mutating func addRequest(
    _ request: EventEnvelope, replyType: String, from mark: UInt16, _ waiter: Waiter
  ) throws -> Int? {
    let responders = responders(to: request.type)
    guard !responders.isEmpty else { throw NoResponder(type: request.type) }
    var own: Int?
    if mark != 0, responders.count == 1, groups[responders[0]].mark.number == mark {
      own = responders[0]
      // Each of them holds a place; without one that is free nobody is left to answer.
      guard groups[responders[0]].requestsOfItsOwn + 1 < groups[responders[0]].places else {
        throw RequestWaitsForItself(type: request.type, group: groups[responders[0]].name)
      }
      groups[responders[0]].requestsOfItsOwn += 1
    }
    requests.add(request.id, replyType: replyType, waiter)
    return own
  }

  /// Ends a request, whatever the outcome, with the answer that has come.
  mutating func takeAnswer(_ id: String, own: Int?) -> PendingRequests.Answer? {
    if let own, groups[own].requestsOfItsOwn > 0 { groups[own].requestsOfItsOwn -= 1 }
    return requests.remove(id)
  }
}
