internal import Resilience
internal import Synchronization

/// What a consumer asks of its thread.
enum MemberCommand: Sendable {
  typealias Completion<Value> = @Sendable (Result<Value, any Error>) -> Void

  /// The events of what is not stale, whose settlement is under way from then on.
  struct Claims: Sendable {
    var events: [BrokerReceipt: EncodedEvent] = [:]
  }

  struct Settled: Sendable {
    let receipt: BrokerReceipt
    /// How often it was delivered, of one that was given back; `nil` for one that does not come again.
    let returned: Int?
  }

  case receive(CancellationToken, limit: Int, Completion<[BrokerDelivery]>)
  case cancel(CancellationToken)
  case claim([BrokerReceipt], Completion<Claims>)
  case unclaim([BrokerReceipt])
  /// Answers what is stale: its partition was taken away since it was claimed.
  case settle([Settled], Completion<[BrokerReceipt]>)
  case heartbeat(Completion<Void>)
  case leave
  case groupRemoved
  /// As the end of the process does, for tests.
  case abandon

  /// Answers a command that comes too late.
  func refuse(_ error: BrokerSessionEnded) {
    switch self {
    case .receive(_, _, let completion): completion(.failure(error))
    case .claim(_, let completion): completion(.success(Claims()))
    // What was to be settled has been given to others: that it was claimed does not help.
    case .settle(_, let completion): completion(.failure(error))
    case .heartbeat(let completion): completion(.failure(error))
    case .cancel, .unclaim, .leave, .groupRemoved, .abandon: break
    }
  }
}

/// Tells whether a call was cancelled.
final class CancellationToken: Sendable {
  private let flag = Atomic(false)

  var isCancelled: Bool { flag.load(ordering: .acquiring) }

  func cancel() { flag.store(true, ordering: .releasing) }
}
