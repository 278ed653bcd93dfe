internal import ResilienceCore

/// One of the things that a process needs to do its work, and how to ask after it.
public struct ReadinessCheck: Sendable {
  /// Which question a check answers.
  public enum Purpose: Sendable, Hashable {
    /// Whether the process should get calls now: whether its database, its queue, its caches are there.
    case readiness

    /// Whether the process can still work at all, so that nothing but a restart helps if not. It must ask
    /// nothing outside of the process: else a database that is away restarts every process that uses it.
    case liveness
  }

  /// What the report calls it; two of one name stand side by side there.
  public let name: String

  /// Which question it answers.
  public let purpose: Purpose

  /// Whether the process cannot do without: when it fails, the whole fails. One that is not critical only
  /// degrades it.
  public let isCritical: Bool

  /// How long an answer is used again before it is asked anew.
  public let maxAge: Duration

  /// How long it may take.
  public let timeout: Duration

  let body: @Sendable () async throws -> Void

  /// Creates a check.
  ///
  /// - Parameters:
  ///   - name: What the report calls it.
  ///   - purpose: Which question it answers. Default: readiness.
  ///   - isCritical: Whether the whole fails when it does. Default: `true`.
  ///   - maxAge: How long an answer is used again, so that many probes ask once; 0 or less always asks.
  ///     Default: 5 s, half a period of Kubernetes' probes.
  ///   - timeout: How long it may take; less than 1 ms counts as that. Default: 1 s, as Kubernetes' probes.
  ///   - body: Asks: returns if all is well, and throws if it is not.
  public init(
    _ name: String, purpose: Purpose = .readiness, isCritical: Bool = true, maxAge: Duration = .seconds(5),
    timeout: Duration = .seconds(1), _ body: @escaping @Sendable () async throws -> Void
  ) {
    self.name = name
    self.purpose = purpose
    self.isCritical = isCritical
    self.maxAge = maxAge
    self.timeout = max(timeout, .milliseconds(1))
    self.body = body
  }
}
