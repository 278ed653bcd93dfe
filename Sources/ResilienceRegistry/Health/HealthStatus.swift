/// What is known about an instance's health.
public enum HealthStatus: String, Sendable, Hashable {
  /// Nothing yet, or nobody checks: it gets traffic, as an unmonitored service must.
  case unknown

  /// It answers its checks.
  case healthy

  /// It fails its checks: it gets traffic only while every instance of its service does.
  case unhealthy
}
