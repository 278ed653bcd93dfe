public import ResilienceCore

/// Propagators work on an event's extension attributes: `propagator.inject(.current, into: &event)` writes
/// `traceparent`, `tracestate` and `baggage`.
///
/// A name that is no attribute's (`x-b3-traceid`), or a value that is not allowed, is not written.
extension EncodedEvent: ContextCarrier {
  /// Calls `body` with the value of the attribute, as text.
  public func forEachValue(forName name: String, _ body: (String) -> Void) {
    if let value = extensions[name] { body(value.description) }
  }

  /// Sets the attribute.
  public mutating func set(_ value: String, forName name: String) {
    try? setExtension(name, to: .string(value))
  }

  /// Removes the attribute.
  public mutating func removeValues(forName name: String) {
    extensions[name] = nil
  }
}
