/// A value behind a pointer, for what few buckets need. Only whoever holds the bucket's lock uses it.
final class Boxed<Value: Sendable>: @unchecked Sendable {
  var value: Value

  init(_ value: Value) { self.value = value }
}
