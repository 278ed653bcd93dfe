/// A process that the supervisor runs: how it is started, and where it listens.
struct ChildProcess: Sendable {
  var name: String
  var executable: String
  var arguments: [String]
  var port: Int
  /// What says with 200 that it is ready; `nil` for one that is when it listens.
  var readiness: String? = "/health/ready"
}
