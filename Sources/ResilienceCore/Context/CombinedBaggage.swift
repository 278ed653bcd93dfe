/// Baggage of several kinds side by side: one value of each type.
///
/// A call has one baggage, and whoever binds it decides what it is. Where a second kind comes along (a
/// propagator brings trace state to a call whose baggage is the tenant), neither may push out the other: they
/// are combined, and each is found by its type with ``CallContext/baggage(of:)``.
public struct CombinedBaggage: Sendable {
  @usableFromInline var values: [any Sendable]

  @inlinable
  init(_ values: [any Sendable]) {
    self.values = values
  }

  /// Finds the value of a type in a baggage: the baggage itself, or one of those that are combined in it.
  ///
  /// - Returns: `nil` when there is none.
  @inlinable
  public static func value<Value: Sendable>(of type: Value.Type, in baggage: (any Sendable)?) -> Value? {
    guard let baggage else { return nil }
    return value(of: type, in: baggage)
  }

  @inlinable
  @inline(__always)
  static func value<Value: Sendable>(of type: Value.Type, in baggage: any Sendable) -> Value? {
    exactly(type, baggage) ?? find(type, baggage)
  }

  /// What is of just this type. The comparison of two types takes a tenth of a cast.
  @inlinable
  @inline(__always)
  static func exactly<Value: Sendable>(_ type: Value.Type, _ baggage: any Sendable) -> Value? {
    func opened<Found>(_ found: borrowing Found) -> Value? {
      guard Found.self == type else { return nil }
      return withUnsafePointer(to: found) { UnsafeRawPointer($0).assumingMemoryBound(to: Value.self).pointee }
    }
    return opened(baggage)
  }

  @usableFromInline
  @inline(never)
  static func find<Value: Sendable>(_ type: Value.Type, _ baggage: any Sendable) -> Value? {
    if let value = baggage as? Value { return value }
    guard let combined = baggage as? CombinedBaggage else { return nil }
    for value in combined.values { if let value = value as? Value { return value } }
    return nil
  }

  /// The baggage with `value` in the place of the one of its type; everything of other types stays.
  ///
  /// - Returns: `value` itself when there is nothing of another type.
  @inlinable
  public static func setting<Value: Sendable>(_ value: Value, in baggage: (any Sendable)?) -> any Sendable {
    guard let baggage, !(baggage is Value) else { return value }
    let values = (baggage as? CombinedBaggage)?.values ?? [baggage]
    return CombinedBaggage(values.filter { !($0 is Value) } + [value])
  }
}

extension CallContext {
  /// The value of a type in ``CallContext/baggage``, alone or combined with others; `nil` when there is none.
  @inlinable
  public static func baggage<Value: Sendable>(of type: Value.Type) -> Value? {
    guard let baggage else { return nil }
    return CombinedBaggage.value(of: type, in: baggage)
  }
}
