/// One measurement.
public struct Metric: Sendable, Hashable {
  /// How the values of a metric relate over time.
  public enum Kind: Sendable, Hashable {
    /// Only ever grows.
    case counter
    /// Goes up and down.
    case gauge
  }

  /// The name in snake case: the pattern, what is measured, its unit in base units, and `_total` for a
  /// counter: `circuit_breaker_open_seconds_total`.
  public var name: String

  /// Counter or gauge.
  public var kind: Kind

  /// The value, in the unit that the name says.
  public var value: Double

  /// What tells this measurement from others of its name, in a fixed order; usually the object's name.
  public var labels: [Label]

  /// A name and a value.
  public struct Label: Sendable, Hashable {
    /// The label's name.
    public var name: String
    /// The label's value.
    public var value: String

    /// Creates a label.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Creates a measurement.
  public init(_ name: String, _ kind: Kind, _ value: Double, labels: [Label] = []) {
    self.name = name
    self.kind = kind
    self.value = value
    self.labels = labels
  }
}
