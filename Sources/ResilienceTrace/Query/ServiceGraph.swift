internal import ResilienceCore

/// Which service calls which, how often, how well and how fast; made by ``TraceStore/serviceGraph()``.
public struct ServiceGraph: Sendable {
  /// One arrow: calls from one service to another.
  public struct Edge: Sendable, Hashable {
    /// The service that calls.
    public var caller: String

    /// The service that is called; the name of the call where nobody there records spans.
    public var callee: String

    /// Whether the callee records spans.
    public var isTraced: Bool

    /// How many calls, or deliveries.
    public var calls: Int

    /// How many of them count as a failure.
    public var failures: Int

    /// The time that a half of them took at the most.
    public var median: Duration

    /// The time that 99 of 100 took at the most.
    public var percentile99: Duration

    /// The time that the longest took.
    public var longest: Duration

    /// The share of failures, from 0 to 1.
    public var failureRate: Double { calls == 0 ? 0 : Double(failures) / Double(calls) }
  }

  /// The services that recorded spans, sorted.
  public var services: [String]

  /// The arrows, sorted by caller and callee.
  public var edges: [Edge]
}

extension ServiceGraph: CustomStringConvertible {
  /// A line an arrow: `shop → bank: 3 calls, 1 failed, median 0.02 seconds, …`.
  public var description: String {
    edges.map { edge in
      let (caller, callee) = (SafeText.escaped(edge.caller), SafeText.escaped(edge.callee))
      return
        "\(caller) → \(callee): \(edge.calls) \(edge.calls == 1 ? "call" : "calls"), \(edge.failures) failed, "
        + "median \(edge.median), 99 % \(edge.percentile99), longest \(edge.longest)\n"
    }.joined()
  }
}
