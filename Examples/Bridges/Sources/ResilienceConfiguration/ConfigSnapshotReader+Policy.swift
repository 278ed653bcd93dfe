public import Configuration
public import Resilience

extension ConfigSnapshotReader {
  /// Reads a policy of the toolkit's: any one that a document can hold.
  ///
  /// ```swift
  /// let policy = try config.snapshot().policy(RetryPolicy.self, forKey: "payment.retry")
  /// let attempts = LivePolicy(policy ?? RetryPolicy())
  /// ```
  ///
  /// - Parameters:
  ///   - type: The policy's type.
  ///   - key: Where it stands: its fields are the keys below.
  /// - Returns: `nil` when no provider has a value below the key.
  /// - Throws: `InvalidSetting` for the first value that is wrong, with its whole key.
  public func policy<Policy: Decodable>(
    _ type: Policy.Type, forKey key: ConfigKey
  ) throws(InvalidSetting) -> Policy? {
    let decoder = ConfigDecoder(self, key.components.map { ConfigField($0) })
    do {
      return try decoder.valueIfFound(type)
    } catch let wrong as InvalidSetting {
      throw wrong
    } catch {
      throw InvalidSetting(
        field: key.components.joined(separator: "."), value: "unreadable", requirement: "a \(type)")
    }
  }
}
