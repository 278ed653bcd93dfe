import AsyncHTTPClient
import Hummingbird
import HummingbirdCore
import Logging
import Resilience
import ResilienceHummingbird
import ResilienceLogging
import ResilienceServiceLifecycle
import ServiceLifecycle
import Synchronization
import UnixSignals

/// A service and all that runs beside it: what is the same for each.
final class ServiceProcess: Sendable {
  /// The port that it answers on, once it is registered.
  let port = RegisteredPort()

  private let platform: Platform
  private let group: ServiceGroup

  init(
    _ type: any StorefrontService.Type, _ settings: ServiceSettings, port: Int = 0, logger: Logger,
    signals: [UnixSignal] = [], beside others: [any Service] = []
  ) async throws {
    var settings = settings
    if !type.isTraced { settings.collector = nil }
    let platform = Platform(type.name, settings, logger: logger)
    self.platform = platform
    do {
      let service = try await type.init(platform)
      let services =
        others + Self.services(service, platform, calls: type.calls, listeningOn: port, self.port)
      group = ServiceGroup(
        configuration: ServiceGroupConfiguration(
          services: services, gracefulShutdownSignals: signals, logger: logger))
    } catch {
      try? await platform.client.shutdown()
      throw error
    }
  }

  /// Runs until a signal, ``stop()`` or cancellation: then it leaves the registry, answers and handles what it
  /// has begun, and ends.
  func run() async throws {
    do {
      try await EventLog(platform.logger).observing { try await group.run() }
    } catch {
      try? await platform.client.shutdown()
      throw error
    }
    try await platform.client.shutdown()
  }

  func stop() async { await group.triggerGracefulShutdown() }

  /// In the order of dependence: the last one is the first to shut down.
  private static func services(
    _ service: some StorefrontService, _ platform: Platform, calls: [String], listeningOn port: Int,
    _ registeredPort: RegisteredPort
  ) -> [any Service] {
    let readiness = ReadinessEndpoint(
      checks: [ReadinessCheck("registration", maxAge: .zero) { try registeredPort.check() }]
        + calls.map { name in
          ReadinessCheck(name, maxAge: .zero) { _ = try platform.registry.requireInstance(of: name) }
        })
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let app = Application(
      router: router(service, platform, readiness),
      // Longer than clients keep a connection that they do not use: so it is they who close it.
      server: .http1(configuration: HTTP1Channel.Configuration(idleTimeout: .seconds(75))),
      configuration: ApplicationConfiguration(address: .hostname(platform.settings.host, port: port)),
      onServerRunning: { channel in continuation.yield(channel.localAddress?.port ?? port) },
      logger: platform.logger)
    let bus = DrainingService(
      "bus", run: { try await platform.tracer.observing { try await platform.bus.run() } },
      drain: { await platform.shutDownBus() })
    let outboxes = platform.databases.withLock(\.self).map { database in
      DrainingService("outbox", run: { try await database.run(publishingTo: platform.settings.broker) })
    }
    let work = DrainingService("work", run: { try await service.run() })
    let registration = Registration(platform: platform, ports: ports, registered: registeredPort)
    let replica = replica(of: platform.settings.store, platform, calls + [ConfigurationService.name])
    let follower = ConfigurationFollower(platform)
    let configuration = DrainingService("configuration", run: { try await follower.run() })
    let drain = DrainService(readiness, notice: platform.settings.notice)
    let below = [platform.reporter?.service()].compactMap(\.self) + outboxes
    return below + [bus, replica, configuration, work, app, drain, registration]
  }

  private static func replica(
    of store: some RegistryStore, _ platform: Platform, _ calls: [String]
  ) -> DrainingService {
    RegistryReplica(of: store, in: platform.registry, services: calls, refreshInterval: .seconds(10))
      .service()
  }

  private static func router(
    _ service: some StorefrontService, _ platform: Platform, _ readiness: ReadinessEndpoint
  ) -> Router<StorefrontContext> {
    let router = Router(context: StorefrontContext.self)
    router.addHealth(readiness)
    router.addMetrics {
      let calls = platform.callees.withLock(\.self).flatMap(\.metrics)
      // One that cannot be read has no figures: its service is not ready either.
      let outboxes: [any MetricSource] = platform.databases.withLock(\.self).compactMap { try? $0.snapshot() }
      let own: [any MetricSource] = [
        platform.start, platform.answers.snapshot(), platform.registry.snapshot(), platform.bus.snapshot(),
        platform.configuration,
      ]
      let spans = platform.reporter.map { [$0.snapshot()] } ?? []
      return own + spans + outboxes + calls + service.metrics
    }
    router.addMiddleware {
      AnswerMiddleware(meter: platform.answers)
      // What fails here is the disk or the broker: another try may find it back.
      RefusalMiddleware(otherwise: .serviceUnavailable)
      if !platform.settings.isBare {
        CallTraceMiddleware(platform.tracer)
        DeadlineMiddleware(limit: .seconds(3))
      }
    }
    service.protect(router)
    service.addRoutes(to: router)
    return router
  }
}
