/// A broker does not do what ``EventBroker`` promises.
public struct BrokerContractViolation: Error, Hashable, CustomStringConvertible {
  /// The case of ``EventBrokerContract`` that found it.
  public let name: String

  /// What was expected, and what there was.
  public let detail: String

  /// The case and what it found.
  public var description: String { "\(name): \(detail)" }
}
