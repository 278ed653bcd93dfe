internal import ResilienceCore

extension OutlierPolicy {
  /// Ejects an instance that fails too large a share of its calls, whatever the others do.
  public struct FailureRate: Sendable, Hashable {
    /// The share of failed calls above which an instance is ejected.
    public let threshold: Double

    /// Instances with enough calls that it takes to apply the rule.
    public let minimumInstances: Int

    /// Calls since the last sweep that it takes to judge an instance.
    public let minimumCalls: Int

    /// The share of those found that are ejected.
    public let enforcement: Double

    /// Creates a rule.
    ///
    /// - Parameters:
    ///   - threshold: The share of failed calls, 0 to 1, above which an instance is ejected. Default: 0.85,
    ///     as gRPC and Envoy.
    ///   - minimumInstances: Instances with enough calls that it takes, 1 or more. Default: 5.
    ///   - minimumCalls: Calls since the last sweep that it takes to judge an instance, 1 or more. Default:
    ///     50.
    ///   - enforcement: The share of those found that are ejected, 0 to 1, to try the rule out. Default: 1.
    public init(
      threshold: Double = 0.85, minimumInstances: Int = 5, minimumCalls: Int = 50, enforcement: Double = 1
    ) {
      self.threshold = threshold
      self.minimumInstances = minimumInstances
      self.minimumCalls = minimumCalls
      self.enforcement = enforcement
      if let fault { preconditionFailure("an outlier detection's \(fault)") }
    }

    /// The first field that is out of its range.
    var fault: InvalidSetting? {
      .outside(0...1, "threshold", threshold)
        ?? .unless(minimumInstances >= 1, "minimumInstances", minimumInstances, "1 or more")
        ?? .unless(minimumCalls >= 1, "minimumCalls", minimumCalls, "1 or more")
        ?? .outside(0...1, "enforcement", enforcement)
    }
  }
}
