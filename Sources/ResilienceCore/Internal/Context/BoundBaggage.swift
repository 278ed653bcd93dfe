/// A baggage as a task-local holds it: a reference, since an existential in a task-local costs twenty times
/// as much to read, or a text that stands for a baggage and takes no allocation.
@frozen
@usableFromInline
package struct BoundBaggage: Sendable {
  @usableFromInline let box: BaggageBox?
  @usableFromInline let text: String
  @usableFromInline let textType: (any TextBaggage.Type)?

  @inlinable
  package init(_ value: (any Sendable)?) {
    box = value.map { BaggageBox($0) }
    text = ""
    textType = nil
  }

  /// What `type` makes of `text`, when somebody asks.
  @inlinable
  package init(text: String, of type: any TextBaggage.Type) {
    box = nil
    self.text = text
    textType = type
  }

  @inlinable
  package var isNone: Bool { box == nil && textType == nil }

  @inlinable
  package var value: (any Sendable)? {
    if let box { return box.value }
    return textType.map { $0.init(text: text) }
  }
}

/// A baggage that can be made from a text.
@usableFromInline
package protocol TextBaggage: Sendable {
  init(text: String)
}

@usableFromInline
final class BaggageBox: Sendable {
  @usableFromInline let value: any Sendable

  @inlinable
  init(_ value: any Sendable) {
    self.value = value
  }
}
