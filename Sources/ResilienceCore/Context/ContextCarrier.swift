/// Names and values that cross a process boundary: HTTP fields, gRPC metadata, the attributes of an event.
///
/// A type that you do not own need not conform: a ``FieldAccess`` says how its fields are read and written.
public protocol ContextCarrier {
  /// Calls `body` with each value of `name`, in order; not at all when there is none.
  ///
  /// Names are compared as the carrier's protocol compares them (HTTP fields: without regard to ASCII case).
  /// Nothing has to be collected or copied for it.
  func forEachValue(forName name: String, _ body: (String) -> Void)

  /// Replaces all values of `name` by one.
  mutating func set(_ value: String, forName name: String)

  /// Removes all values of `name`; none is no error.
  ///
  /// Headers are often copied from one request to the next: what is out of date must not go out beside what
  /// is written now.
  mutating func removeValues(forName name: String)
}

extension ContextCarrier {
  /// All values of `name` in order; empty when there is none.
  public func values(forName name: String) -> [String] {
    var values: [String] = []
    forEachValue(forName: name) { values.append($0) }
    return values
  }
}

extension Dictionary: ContextCarrier where Key == String, Value == String {
  /// Calls `body` with the value of `name`; if there is none under exactly this name, with those under names
  /// equal but for ASCII case, sorted by name.
  ///
  /// - Complexity: O(n) when the name is not there in this case.
  @inlinable
  public func forEachValue(forName name: String, _ body: (String) -> Void) {
    if let value = self[name] { return body(value) }
    forEachValue(forAnyCaseOf: name, body)
  }

  /// Sets the value of `name`, and removes the values of names equal but for ASCII case.
  ///
  /// - Complexity: O(n).
  @inlinable
  public mutating func set(_ value: String, forName name: String) {
    // Several fields are written one after another: growing for each would hash all of them again. A copy,
    // since the functions that reserve are not inlinable, and ask the runtime for types each time.
    if capacity == 0 { self = noFields }
    self[name] = value
    if count > 1 { removeOtherCases(of: name) }
  }

  /// Removes the values of `name` and of names equal but for ASCII case.
  ///
  /// - Complexity: O(n).
  @inlinable
  public mutating func removeValues(forName name: String) {
    guard !isEmpty else { return }
    if let index = index(forKey: name) { remove(at: index) }
    removeOtherCases(of: name)
  }

  @usableFromInline
  func forEachValue(forAnyCaseOf name: String, _ body: (String) -> Void) {
    let others = keys.filter { $0.isEqualButForASCIICase(name) }
    for key in others.sorted() { if let value = self[key] { body(value) } }
  }

  @usableFromInline
  mutating func removeOtherCases(of name: String) {
    for key in keys where key.utf8.count == name.utf8.count && key != name && key.isEqualButForASCIICase(name)
    {
      self[key] = nil
    }
  }
}

@usableFromInline
let noFields = [String: String](minimumCapacity: 4)

extension String {
  /// Whether the two are equal but for the case of ASCII letters, as names of HTTP fields are compared.
  package func isEqualButForASCIICase(_ other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    let result = utf8.withContiguousStorageIfAvailable { own in
      other.utf8.withContiguousStorageIfAvailable { areEqualButForCase(own, $0) }
    }
    return (result ?? nil) ?? areEqualButForCase(Array(utf8), Array(other.utf8))
  }
}

@inline(__always)
private func areEqualButForCase(
  _ one: some RandomAccessCollection<UInt8>, _ other: some RandomAccessCollection<UInt8>
) -> Bool {
  for (byte, otherByte) in zip(one, other) where byte != otherByte {
    // Letters differ from each other's case in one bit.
    guard byte ^ otherByte == 0x20, (0x61...0x7A).contains(byte | 0x20) else { return false }
  }
  return true
}
