public import GRDB
public import Resilience

extension SQLiteOutbox {
  /// Publishes what is kept to a bus, event by event, until it is cancelled.
  ///
  /// Of several that run on one database file, in whatever process, one publishes, and another one goes on when that has
  /// ended, however it has: it holds a lock in the folder `FILE-TABLE` beside the database. The table must be there.
  ///
  /// - Parameters:
  ///   - database: The application's database.
  ///   - bus: Where the events are published. Its groups get them.
  /// - Throws: `CancellationError` when its task is cancelled. What fails is tried again after ``backoff``.
  public func run(_ database: any DatabaseWriter, publishingTo bus: EventBus) async throws {
    try await OutboxRelay(self, database) { event in try await bus.publish(event) }.run()
  }

  /// Publishes what is kept to a broker, a hundred events at a time, until it is cancelled.
  ///
  /// As to a bus, and faster; a group gets what is published once it has been joined.
  ///
  /// - Parameters:
  ///   - database: The application's database.
  ///   - broker: Where the events are stored.
  /// - Throws: `CancellationError` when its task is cancelled. What fails is tried again after ``backoff``.
  public func run(_ database: any DatabaseWriter, publishingTo broker: any EventBroker) async throws {
    try await OutboxRelay(self, database, broker: broker).run()
  }
}
