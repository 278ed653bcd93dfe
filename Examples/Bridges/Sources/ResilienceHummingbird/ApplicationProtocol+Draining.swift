public import Hummingbird
public import Resilience
internal import ServiceLifecycle
public import UnixSignals

extension ApplicationProtocol {
  /// Runs the application until a signal, and then drains it: not ready, some time later no new connections,
  /// and an end when all requests are answered.
  ///
  /// - Parameters:
  ///   - endpoint: What says that the server is ready.
  ///   - notice: How long the server goes on after it has said no. Default: 5 s.
  ///   - signals: Default: those of Hummingbird's `runService`.
  public func runService(
    draining endpoint: ReadinessEndpoint, notice: Duration = .seconds(5),
    gracefulShutdownSignals signals: [UnixSignal] = [.sigterm, .sigint]
  ) async throws {
    try await ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [self, DrainService(endpoint, notice: notice)], gracefulShutdownSignals: signals,
        logger: logger)
    ).run()
  }
}
