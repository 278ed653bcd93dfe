/// One consumer of a group, from ``EventBroker/join(_:)`` until it leaves or its session ends.
///
/// Consumers of a group share its events by their partition key. When one comes, it takes over a key once
/// nothing of that key is unsettled; when one goes, what it had not settled is given to the others.
///
/// A consumer may have several calls under way at once.
public protocol BrokerConsumer: Sendable {
  /// How often ``heartbeat()`` has to be called, and a part of how long a session lasts without: so that one
  /// that is late does not end it.
  var heartbeatInterval: Duration { get }

  /// Waits until there is an event for this consumer, and hands out those that there are, in order.
  ///
  /// A delivery counts from the moment at which it is handed out, also when the process dies then. A call
  /// that is cancelled either throws `CancellationError`, and has handed nothing out, or returns.
  ///
  /// - Parameter limit: The most events, 1 or more.
  /// - Throws: ``BrokerSessionEnded``.
  func receive(limit: Int) async throws -> [BrokerDelivery]

  /// Says what became of events. Each settlement is made whole or not at all, with the events that are
  /// published with it where the broker can; as durable as a publication.
  ///
  /// In any order, whatever was received first. It goes on when its task is cancelled, since what was handled
  /// must not come again for that. After an error the receipts are as before, and the call can be repeated:
  /// what was settled is stale then.
  ///
  /// - Returns: The receipts that were stale: the event was settled before, or was given to another consumer
  ///   as this one's session had ended or its partition was taken away. Nothing was done for them, and
  ///   nothing published.
  @discardableResult
  func settle(_ settlements: [BrokerSettlement]) async throws -> [BrokerReceipt]

  /// Keeps the session alive. Each of the other calls does so too, and one that waits as long as it waits.
  ///
  /// - Throws: ``BrokerSessionEnded``: what was received and is not settled has been given to others. Join
  ///   again.
  func heartbeat() async throws

  /// Ends the session: what was received and is not settled is given to others at once, with the count of
  /// its deliveries. Leaving again does nothing.
  func leave() async throws
}
