import Hummingbird
import Logging
import Resilience
import ResilienceHub
import ResilienceHummingbird
import ServiceLifecycle
import UnixSignals

/// The hub: keeps the events of all services in a journal, and lists them in memory.
enum HubProcess {
  static func run(
    directory: String, fileKibibytes: Int, host: String, port: Int, logger: Logger, signals: [UnixSignal],
    beside services: [any Service] = []
  ) async throws {
    let start = ProcessStart()
    let bytes = fileKibibytes << 10
    let broker = try await JournalBroker.open(
      LocalDirectory(path: directory), name: SupervisorPlan.hub, policy: EngineChoice.policy,
      journalPolicy: JournalPolicy(
        segmentBytes: bytes, maxRecordBytes: min(bytes / 4, JournalPolicy().maxRecordBytes),
        maxBatchBytes: min(bytes / 2, JournalPolicy().maxBatchBytes)))
    let readiness = ReadinessEndpoint(checks: [])
    let router = Router()
    router.addHealth(readiness)
    router.addMetrics { [start, broker.snapshot()] }
    router.addHub(Hub(broker: broker, maxWait: .seconds(1)))
    let app = Application(
      router: router, configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
      logger: logger)
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services + [app, DrainService(readiness, notice: .zero)], gracefulShutdownSignals: signals,
        logger: logger))
    do {
      try await group.run()
    } catch {
      try? await broker.close()
      throw error
    }
    try await broker.close()
  }
}
