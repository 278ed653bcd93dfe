internal import Resilience

extension RemoteConsumer {
  /// What the hub has no session of is stale: others have it.
  ///
  /// One that is too large for the hub alone would be so each time: its event is a dead letter, with what is wrong.
  /// Then this throws, once all others are settled; settled again it is stale.
  func settle(_ settlements: [BrokerSettlement]) async throws -> [BrokerReceipt] {
    guard !settlements.isEmpty else { return [] }
    return try await shielded { [self] in
      var stale = settlements.map(\.receipt).filter(isGivenUp)
      var tooLarge: RemoteError?
      var waiting = Array(parts(settlements.filter { !isGivenUp($0.receipt) }).reversed())
      while let part = waiting.popLast() {
        do {
          stale += try await send(part)
        } catch let error as RemoteError where error.status == 413 && part.count > 1 {
          let middle = part.startIndex + part.count / 2
          waiting += [part[middle...], part[..<middle]]
        } catch let error as RemoteError where error.status == 413 {
          tooLarge = tooLarge ?? error
          // If that fails, it is done when the settlement is repeated.
          if (try? await send(part.map { givenUp($0, error) }[...])) != nil {
            part.forEach { noteGivenUp($0.receipt) }
          }
        }
      }
      if let tooLarge { throw tooLarge }
      return stale
    }
  }

  private func send(_ part: ArraySlice<BrokerSettlement>) async throws -> [BrokerReceipt] {
    let request = HubSettle(session: session, settlements: part.map { HubSettlement($0) })
    do {
      let settled: HubFrame<HubSettled> = try await broker.client.ask(
        HubPath.settle, request, events: part.flatMap(\.published))
      return settled.head.stale.map(\.receipt)
    } catch is BrokerSessionEnded {
      return part.map(\.receipt)
    }
  }

  private func givenUp(_ settlement: BrokerSettlement, _ error: RemoteError) -> BrokerSettlement {
    let death: DeadLetter.Death
    if case .deadLettered(let own, _) = settlement.outcome {
      death = DeadLetter.Death(
        reason: own.reason, lastError: own.lastError.map { String($0.prefix(80)) },
        deliveries: own.deliveries,
        time: own.time)
    } else {
      // It has been delivered; how often is known to who settles alone.
      death = DeadLetter.Death(
        reason: .poison, lastError: "\(error)", deliveries: 1, time: CallContext.current.clock.unixTime)
    }
    return BrokerSettlement(settlement.receipt, .deadLettered(death, history: []))
  }

  /// By the bytes of what is published with them.
  private func parts(_ settlements: [BrokerSettlement]) -> [ArraySlice<BrokerSettlement>] {
    // Beside its events a settlement takes some 200 bytes, and a dead letter's history some KiB.
    guard !settlements.isEmpty else { return [] }
    let allowance = max(1, broker.maxBodyBytes / 2)
    var (parts, begin, size) = ([ArraySlice<BrokerSettlement>](), 0, 0)
    for (index, settlement) in settlements.enumerated() {
      let own = settlement.size
      if index > begin, size + own > allowance {
        parts.append(settlements[begin..<index])
        (begin, size) = (index, 0)
      }
      size += own
    }
    return parts + [settlements[begin...]]
  }
}

extension BrokerSettlement {
  fileprivate var published: [EncodedEvent] {
    if case .handled(let published) = outcome { published } else { [] }
  }

  /// About how many bytes it takes; no less than half of it.
  fileprivate var size: Int {
    switch outcome {
    case .handled(let published): published.reduce(200) { $0 + $1.json().count }
    case .returned: 200
    case .deadLettered(let death, let history):
      ([death] + history).reduce(200) { $0 + 200 + 6 * ($1.lastError?.utf8.count ?? 0) }
    }
  }
}
