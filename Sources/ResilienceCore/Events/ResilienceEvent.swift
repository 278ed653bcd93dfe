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
  /// An attribute whose value is an empty text, such as the name of a call without one, is left out.
  public var description: String {
    let facts = attributes.lazy.filter { $0.value != .string("") }
      .map { "\($0.name)=\($0.value.escaped)" }
    return ([name] + facts).joined(separator: " ")
  }
}
