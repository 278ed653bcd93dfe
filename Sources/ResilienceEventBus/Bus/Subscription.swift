/// One consumer of a group: what ``EventBus/subscribe(to:group:policy:budget:handler:)`` returns.
///
/// It lasts until it is cancelled, also when the handle is let go.
public final class Subscription: Sendable {
  /// The events that it gets.
  public let filter: EventFilter

  /// The group that it shares with others of this name.
  public let group: String

  private let id: Int
  private let bus: EventBus

  init(filter: EventFilter, group: String, id: Int, bus: EventBus) {
    self.filter = filter
    self.group = group
    self.id = id
    self.bus = bus
  }

  /// Takes no further events; the handlers that run finish.
  ///
  /// The group stays, and goes on collecting events, for its other subscriptions and those to come; see
  /// ``EventBus/removeGroup(_:of:)``. Cancelling again does nothing.
  public func cancel() {
    bus.unsubscribe(id, from: group, of: filter)
  }
}
