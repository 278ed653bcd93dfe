internal import ResilienceCore

/// What is said about the health of one registration, the last word of each source: a state machine.
struct HealthReports: Sendable {
  private struct Report {
    let source: HealthSource
    let status: HealthStatus
    let end: Instant
  }

  /// More sources than one has; the oldest report makes room, since names may come from outside.
  private static let maxSources = 16

  private var reports: [Report] = []
  private var initial: HealthStatus

  /// Whether a source that asks the instance has said anything.
  private(set) var isChecked = false

  init(initial: HealthStatus) {
    self.initial = initial
  }

  /// What it amounts to.
  var status: HealthStatus {
    if reports.contains(where: { $0.status == .unhealthy }) { return .unhealthy }
    return reports.isEmpty ? initial : .healthy
  }

  /// Until when it stays so if nobody says anything; never if there is no end.
  var end: Instant { reports.map(\.end).min() ?? Deadline.never.instant }

  /// Takes a report in, for the last one of its source; ``HealthStatus/unknown`` takes that back.
  mutating func note(_ status: HealthStatus, from source: HealthSource, until end: Instant) {
    if source.asks, status != .unknown {
      isChecked = true
      initial = .unknown
    }
    reports.removeAll { $0.source == source || (source.asks && status == .healthy && !$0.source.asks) }
    guard status != .unknown else { return }
    if reports.count == Self.maxSources { reports.removeFirst() }
    reports.append(Report(source: source, status: status, end: end))
  }

  /// Drops the reports whose end has come.
  mutating func expire(at now: Instant) {
    reports.removeAll { $0.end <= now && $0.end != Deadline.never.instant }
  }
}
