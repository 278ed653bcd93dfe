/// The name of a kind of event, tied to the type of its payload.
///
/// Publishers and subscribers share the constant, so that a payload of the wrong type does not compile.
///
/// ```swift
/// enum Topic {
///   static let orderCreated = EventType<OrderCreated>("order_created")
/// }
///
/// try bus.publish(OrderCreated(number: 536365), as: Topic.orderCreated, subject: "customer 17850")
/// ```
public struct EventType<Payload: Sendable>: Sendable, Hashable {
  /// The CloudEvents attribute `type`; not empty.
  public let name: String

  /// Creates a type.
  ///
  /// - Parameter name: Not empty. One name belongs to one payload type; an event whose payload is of another
  ///   one is a dead letter for the subscriber that expected this one.
  public init(_ name: String) {
    precondition(!name.isEmpty, "an event type's name must not be empty, was \"\(name)\"")
    self.name = name
  }
}
