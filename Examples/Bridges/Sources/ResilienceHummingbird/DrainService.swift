public import Resilience
public import ServiceLifecycle

/// Takes a server out of service before it shuts down: on a graceful shutdown the readiness endpoint says no
/// at once, and some time later, when no new requests come, the others are shut down.
///
/// A `ServiceGroup` shuts its services down from the last to the first, each when the one after it has ended:
/// put it last.
///
/// ```swift
/// ServiceGroup(configuration: .init(
///   services: [app, DrainService(readiness)], gracefulShutdownSignals: [.sigterm], logger: logger))
/// ```
///
/// Hummingbird then takes no new connections, and ends when the requests that are under way are answered.
public struct DrainService: Service {
  private let endpoint: ReadinessEndpoint
  private let notice: Duration

  /// Creates a service.
  ///
  /// - Parameters:
  ///   - endpoint: What says that the server is ready.
  ///   - notice: How long the server goes on after it has said no: as long as it takes whoever sends requests
  ///     to notice. Default: 5 s; Kubernetes asks every 10 s by default, but takes a pod that ends out at
  ///     once.
  public init(_ endpoint: ReadinessEndpoint, notice: Duration = .seconds(5)) {
    self.endpoint = endpoint
    self.notice = notice
  }

  /// Waits for the shutdown, says no, and waits for the notice to pass.
  public func run() async throws {
    do {
      try await gracefulShutdown()
    } catch is CancellationError {
      return endpoint.drain()
    }
    endpoint.drain()
    try? await CallContext.current.clock.sleep(for: notice)
  }
}
