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
    let lowercased = name.lowercased()
    return filter { $0.key.lowercased() == lowercased }.sorted { $0.key < $1.key }.map(\.value)
  }

  /// Sets the value of `name`.
  public mutating func set(_ value: String, forName name: String) {
    self[name] = value
  }
}
