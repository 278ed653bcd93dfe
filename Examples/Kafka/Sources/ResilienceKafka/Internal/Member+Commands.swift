internal import Foundation
internal import Resilience

// What callers ask of a consumer, and what it hands out. All of it on the member's thread.

extension Member {
  func perform(_ command: MemberCommand) {
    guard end == nil else { return command.refuse(sessionEnded) }
    lastTouched = monotonicMilliseconds()
    switch command {
    case .receive(let token, let limit, let completion):
      // The cancellation may have come first.
      guard !token.isCancelled else { return completion(.failure(CancellationError())) }
      if let refusal { return completion(.failure(refusal)) }
      waiting.append(Waiting(token: token, limit: limit, completion: completion))
    case .cancel(let token):
      guard let index = waiting.firstIndex(where: { $0.token === token }) else { return }
      waiting.remove(at: index).completion(.failure(CancellationError()))
    case .claim(let receipts, let completion): completion(.success(claim(receipts)))
    case .unclaim(let receipts):
      for receipt in receipts { withPartition(of: receipt) { $0.unclaim(receipt.offset, receipt.scope) } }
    case .settle(let settled, let completion):
      let stale = settled.filter { !settle($0) }.map(\.receipt)
      commits.add { completion($0.map { stale }) }
    case .heartbeat(let completion): completion(.success(()))
    case .leave: end = .leave
    case .groupRemoved: end = .removed
    case .abandon: end = .abandoned
    }
  }

  private func claim(_ receipts: [BrokerReceipt]) -> MemberCommand.Claims {
    var claims = MemberCommand.Claims()
    for receipt in receipts {
      claims.events[receipt] =
        withPartition(of: receipt) { $0.claim(receipt.offset, receipt.scope) } ?? nil
    }
    return claims
  }

  /// - Returns: Whether it is this consumer's still.
  private func settle(_ settled: MemberCommand.Settled) -> Bool {
    let receipt = settled.receipt
    guard let number = receipts[receipt.scope] else { return false }
    withPartition(of: receipt) { partition in
      if let deliveries = settled.returned {
        partition.giveBack(receipt.offset, receipt.scope, deliveries: deliveries)
      } else {
        partition.settle(receipt.offset, receipt.scope)
      }
    }
    receipts[receipt.scope] = nil
    commits.dirty(number)
    if let partition = partitions[number], partition.isPaused, partition.entries.count <= policy.window / 2 {
      setPaused(number, false)
    }
    return true
  }

  @discardableResult
  private func withPartition<Value>(
    of receipt: BrokerReceipt, _ body: (inout PartitionState) -> Value
  ) -> Value? {
    guard let number = receipts[receipt.scope] else { return nil }
    return partitions[number]?.with(body)
  }

  var sessionEnded: BrokerSessionEnded { BrokerSessionEnded(group: group) }

  // MARK: - Handing out

  func handOut() {
    while let first = waiting.first {
      var taken: [(partition: Int32, entry: PartitionState.Entry)] = []
      // Each call begins behind the partition of the last one.
      let numbers = partitions.keys.sorted { ($0 <= rotor ? 1 : 0, $0) < ($1 <= rotor ? 1 : 0, $1) }
      for number in numbers where taken.count < first.limit {
        let entries =
          partitions[number]?.take(first.limit - taken.count) {
            lastReceipt += 1
            return lastReceipt
          } ?? []
        guard !entries.isEmpty else { continue }
        taken += entries.map { (number, $0) }
        rotor = number
        commits.dirty(number)
      }
      guard !taken.isEmpty else { return }
      for (number, entry) in taken { if let receipt = entry.receipt { receipts[receipt] = number } }
      waiting.removeFirst()
      let handing = Handing(entries: taken, caller: first)
      // The count is in Kafka before anybody has the event: what ends the process is counted.
      commits.add(isHandOut: true) { [self] result in handedOut(handing, result) }
    }
  }

  private func handedOut(_ handing: Handing, _ result: Result<Void, any Error>) {
    let isThere = end == nil && handing.entries.allSatisfy { receipts[$0.entry.receipt ?? 0] == $0.partition }
    guard case .success = result, isThere else {
      for (number, entry) in handing.entries {
        guard let receipt = entry.receipt, receipts.removeValue(forKey: receipt) != nil else { continue }
        partitions[number]?.giveBack(entry.offset, receipt, deliveries: entry.deliveries)
        commits.dirty(number)
      }
      guard end == nil else { return handing.caller.completion(.failure(sessionEnded)) }
      // Where the partition was taken away meanwhile the call goes on waiting.
      if isThere, toRevoke == nil, case .failure(let error) = result {
        return handing.caller.completion(.failure(error))
      }
      if handing.caller.token.isCancelled {
        return handing.caller.completion(.failure(CancellationError()))
      }
      waiting.insert(handing.caller, at: 0)
      return
    }
    handing.caller.completion(
      .success(
        handing.entries.map { _, entry in
          BrokerDelivery(
            receipt: BrokerReceipt(scope: entry.receipt ?? 0, position: UInt64(entry.offset)),
            event: entry.event, deliveries: entry.deliveries, history: entry.history)
        }))
  }
}

extension BrokerReceipt {
  var offset: Int64 { Int64(truncatingIfNeeded: position) }
}
