/// Fields of any type as a ``ContextCarrier``, by way of a ``FieldAccess``.
///
/// The methods of ``ContextPropagator`` that take a `through:` make one; it is needed by name only to hand
/// fields to code that wants a carrier.
public struct FieldCarrier<Fields>: ContextCarrier {
  /// The fields.
  public var fields: Fields

  @usableFromInline let access: FieldAccess<Fields>

  /// Creates a carrier.
  @inlinable
  public init(_ fields: consuming Fields, through access: FieldAccess<Fields>) {
    self.fields = fields
    self.access = access
  }

  /// Calls `body` with each value of `name`, in order.
  @inlinable
  public func forEachValue(forName name: String, _ body: (String) -> Void) {
    access.read(fields, name, body)
  }

  /// Replaces all values of `name` by one.
  @inlinable
  public mutating func set(_ value: String, forName name: String) {
    access.write(&fields, name, value)
  }

  /// Removes all values of `name`.
  @inlinable
  public mutating func removeValues(forName name: String) {
    access.remove(&fields, name)
  }
}
