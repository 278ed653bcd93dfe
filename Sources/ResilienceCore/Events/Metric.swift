/// One measurement.
public struct Metric: Sendable, Hashable {
  /// How the values of a metric relate over time.
  public enum Kind: Sendable, Hashable {
    /// Only ever grows.
    case counter
    /// Goes up and down.
    case gauge
    /// Counts observations by their size; ``Metric/histogram`` has them.
    case histogram
  }

  /// The name in snake case: the pattern, what is measured, its unit in base units, and `_total` for a
  /// counter: `circuit_breaker_open_seconds_total`.
  public var name: String

  /// Counter, gauge or histogram.
  public var kind: Kind

  /// The value, in the unit that the name says; of a histogram the number of observations.
  public var value: Double

  /// What tells this measurement from others of its name, in a fixed order; usually the object's name.
  public var labels: [Label]

  /// What it says, as a sentence; empty for nothing.
  public var help: String

  /// The observations of a histogram; `nil` for counters and gauges.
  public var histogram: Histogram?

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

  /// Observations, counted by their size.
  public struct Histogram: Sendable, Hashable {
    /// How many observations were no larger than a bound, those of the smaller bounds included.
    public struct Bucket: Sendable, Hashable {
      /// The bound, in the unit that the metric's name says.
      public var upperBound: Double
      /// How many were no larger.
      public var count: Int

      /// Creates a bucket.
      public init(upperBound: Double, count: Int) {
        self.upperBound = upperBound
        self.count = count
      }
    }

    /// The buckets, by growing bounds; the one without a bound, which has them all, is left out.
    public var buckets: [Bucket]

    /// How many observations there were.
    public var count: Int

    /// The sum of all that was observed.
    public var sum: Double

    /// Creates a histogram.
    public init(buckets: [Bucket], count: Int, sum: Double) {
      self.buckets = buckets
      self.count = count
      self.sum = sum
    }
  }

  /// Creates a measurement.
  ///
  /// - Parameters:
  ///   - name: In snake case.
  ///   - kind: Counter or gauge.
  ///   - value: In the unit that the name says.
  ///   - labels: Default: none.
  ///   - help: What it says, as a sentence. Default: nothing.
  public init(_ name: String, _ kind: Kind, _ value: Double, labels: [Label] = [], help: String = "") {
    self.name = name
    self.kind = kind
    self.value = value
    self.labels = labels
    self.help = help
  }

  /// Creates a histogram's measurement.
  ///
  /// - Parameters:
  ///   - name: In snake case, with a unit.
  ///   - histogram: The observations.
  ///   - labels: Default: none.
  ///   - help: What it says, as a sentence. Default: nothing.
  public init(_ name: String, _ histogram: Histogram, labels: [Label] = [], help: String = "") {
    self.init(name, .histogram, Double(histogram.count), labels: labels, help: help)
    self.histogram = histogram
  }
}
