/// A value behind a pointer, for what few buckets have. Only whoever holds the bucket's lock uses it.
final class Boxed<Value: Sendable>: @unchecked Sendable {
  // The lock sees to it; the runtime's check would cost as much as what is done with the value.
  @exclusivity(unchecked) var value: Value

  init(_ value: Value) { self.value = value }
}
