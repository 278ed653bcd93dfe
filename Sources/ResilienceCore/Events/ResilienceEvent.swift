/// Something a pattern decided: a retry was scheduled, a breaker opened, a delivery was given up.
public protocol ResilienceEvent: Sendable, CustomStringConvertible {
  /// The kind of event in lower-case words joined by dots, such as `retry.scheduled`; the same for all events of a kind.
  var name: String { get }

  /// The facts, in a fixed order.
  var attributes: [EventAttribute] { get }
}

extension ResilienceEvent {
  /// The name, then each attribute as `name=value`.
  public var description: String {
    ([name] + attributes.map { "\($0.name)=\($0.value)" }).joined(separator: " ")
  }
}
