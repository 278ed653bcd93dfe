internal import ResilienceCore
internal import Synchronization

/// Answers the probes of an orchestrator: whether this process is ready for calls, and whether it is alive.
///
/// ```swift
/// let endpoint = ReadinessEndpoint(checks: [
///   ReadinessCheck("database") { try await database.ping() },
///   ReadinessCheck("cache", isCritical: false) { try await cache.ping() },
/// ])
///
/// router.get("ready") {
///   let report = await endpoint.readiness()
///   return Response(status: report.isPassing ? 200 : 503, body: report.json())
/// }
/// ```
///
/// Checks run when somebody asks, side by side. Whoever asks while one runs waits for that one, and an answer
/// that is young enough is used again. A check that does not end in time has failed, and is not started again
/// before it has ended.
public final class ReadinessEndpoint: Sendable {
  private let runners: [ReadinessRunner]
  private let isDraining = Atomic(false)

  /// Creates an endpoint.
  ///
  /// - Parameter checks: What is asked; the report has them in this order.
  public init(checks: [ReadinessCheck]) {
    runners = checks.map(ReadinessRunner.init)
  }

  /// Whether the process should get calls now.
  public func readiness() async -> ReadinessReport {
    await report(.readiness, isDraining: isDraining.load(ordering: .relaxed))
  }

  /// Whether the process can still work at all. With no check for it, it can: it has just answered.
  public func liveness() async -> ReadinessReport {
    await report(.liveness, isDraining: false)
  }

  /// Says that the process is on its way out: it is not ready any more, whatever the checks say. Liveness is
  /// not touched.
  public func drain() {
    isDraining.store(true, ordering: .relaxed)
  }

  private func report(_ purpose: ReadinessCheck.Purpose, isDraining: Bool) async -> ReadinessReport {
    let asked = runners.filter { $0.check.purpose == purpose }
    let entries = await withTaskGroup(of: (Int, ReadinessReport.Entry).self) { group in
      for (index, runner) in asked.enumerated() { group.addTask { (index, await runner.entry()) } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    return ReadinessReport(
      entries: entries.sorted { $0.0 < $1.0 }.map(\.1), isDraining: isDraining)
  }
}
