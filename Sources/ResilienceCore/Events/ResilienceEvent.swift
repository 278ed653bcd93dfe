/// Something a pattern decided: a retry was scheduled, a breaker opened, a delivery was given up.
public protocol ResilienceEvent: Sendable, CustomStringConvertible {
  /// The pattern, a dot and the kind of event, each in snake case, such as `circuit_breaker.half_opened`; the
  /// same for all events of a kind.
  var name: String { get }

  /// The facts, in a fixed order.
  var attributes: [EventAttribute] { get }
}

extension ResilienceEvent {
  /// The name, then each attribute as `name=value`, on one line: control characters in values are escaped.
  public var description: String {
    ([name] + attributes.map { "\($0.name)=\(SafeText.escaped("\($0.value)"))" }).joined(separator: " ")
  }
}
