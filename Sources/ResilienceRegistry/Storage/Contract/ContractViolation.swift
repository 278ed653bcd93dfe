/// A store does not do what ``RegistryStore`` promises.
public struct ContractViolation: Error, Hashable, CustomStringConvertible {
  /// The case of ``RegistryStoreContract`` that found it.
  public let name: String

  /// What was expected, and what there was.
  public let detail: String

  /// The case and what it found.
  public var description: String { "\(name): \(detail)" }
}
