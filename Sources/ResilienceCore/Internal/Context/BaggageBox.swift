/// A baggage as a task-local holds it: one reference, since an existential in a task-local costs twenty times
/// as much to read.
@usableFromInline
final class BaggageBox: Sendable {
  @usableFromInline let value: any Sendable

  @inlinable
  init(_ value: any Sendable) {
    self.value = value
  }
}
