/// A process that the supervisor runs: how it is started, and where it listens.
struct ChildProcess: Sendable {
  /// Tells it from all others, such as `orders` or, of several, `orders-2`.
  var name: String
  /// What it is an instance of.
  var service: String
  var executable: String
  var arguments: [String]
  /// Where it is reached.
  var host = "127.0.0.1"
  var port: Int
  /// What its environment has beside this process's.
  var environment: [String: String] = [:]
  /// What says with 200 that it is ready; `nil` for one that is when it listens.
  var readiness: String? = "/health/ready"
}
