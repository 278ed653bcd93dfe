internal import ResilienceCore

extension OutlierPolicy {
  /// Ejects whose success rate is far below the others': less than the mean by so many standard deviations.
  public struct SuccessRate: Sendable, Hashable {
    /// Standard deviations below the mean.
    public let deviations: Double

    /// A success rate below which an instance is ejected whatever the others' are.
    public let floor: Double

    /// Instances with enough calls that it takes to compare them.
    public let minimumInstances: Int

    /// Calls since the last sweep that it takes to judge an instance.
    public let minimumCalls: Int

    /// The share of those found that are ejected.
    public let enforcement: Double

    /// Creates a rule.
    ///
    /// - Parameters:
    ///   - deviations: Standard deviations below the mean, 0 to 100. Default: 1.9, as gRPC and Envoy.
    ///   - floor: A success rate, 0 to 1, below which an instance is ejected whatever the others' are: where
    ///     they differ much, the mean less the deviations is below nothing, and an instance that fails every
    ///     call could not be found. Default: 0.1.
    ///   - minimumInstances: Instances with enough calls that it takes, 1 or more. Default: 5.
    ///   - minimumCalls: Calls since the last sweep that it takes to judge an instance, 1 or more. Default:
    ///     100.
    ///   - enforcement: The share of those found that are ejected, 0 to 1, to try the rule out. Default: 1.
    public init(
      deviations: Double = 1.9, floor: Double = 0.1, minimumInstances: Int = 5, minimumCalls: Int = 100,
      enforcement: Double = 1
    ) {
      self.deviations = deviations
      self.floor = floor
      self.minimumInstances = minimumInstances
      self.minimumCalls = minimumCalls
      self.enforcement = enforcement
      if let fault { preconditionFailure("an outlier detection's \(fault)") }
    }

    /// The first field that is out of its range.
    var fault: InvalidSetting? {
      .outside(0...100, "deviations", deviations)
        ?? .outside(0...1, "floor", floor)
        ?? .unless(minimumInstances >= 1, "minimumInstances", minimumInstances, "1 or more")
        ?? .unless(minimumCalls >= 1, "minimumCalls", minimumCalls, "1 or more")
        ?? .outside(0...1, "enforcement", enforcement)
    }
  }
}
