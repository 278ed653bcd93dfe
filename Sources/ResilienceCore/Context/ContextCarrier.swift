/// Names and values that cross a process boundary: HTTP headers, message attributes.
public protocol ContextCarrier {
  /// All values of `name` in order; empty when there is none. Names are compared as the carrier's protocol compares them
  /// (HTTP headers: case-insensitively).
  func values(forName name: String) -> [String]

  /// Replaces all values of `name` by one.
  mutating func set(_ value: String, forName name: String)
}

extension Dictionary: ContextCarrier where Key == String, Value == String {
  /// The value of `name`; if there is none under exactly this name, the one under a name equal but for ASCII case.
  ///
  /// - Complexity: O(n) when the name is not there in this case.
  public func values(forName name: String) -> [String] {
    if let value = self[name] { return [value] }
    let keys = keys.filter { $0.isEqualButForCase(name) }
    return keys.sorted().compactMap { self[$0] }
  }

  /// Sets the value of `name`, and removes the values of names equal but for ASCII case.
  ///
  /// - Complexity: O(n) when the name was not there in this case.
  public mutating func set(_ value: String, forName name: String) {
    guard updateValue(value, forKey: name) == nil, count > 1 else { return }
    for key in keys where key != name && key.isEqualButForCase(name) { self[key] = nil }
  }
}

extension String {
  /// Whether the two are equal but for the case of ASCII letters, as names of HTTP headers are compared.
  fileprivate func isEqualButForCase(_ other: String) -> Bool {
    utf8.count == other.utf8.count
      && utf8.elementsEqual(other.utf8) { $0.lowercasedASCII == $1.lowercasedASCII }
  }
}

extension UInt8 {
  fileprivate var lowercasedASCII: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}
