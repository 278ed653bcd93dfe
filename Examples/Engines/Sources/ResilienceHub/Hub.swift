internal import NIOCore
public import Resilience

/// Serves a broker and a registry's store to other processes over HTTP: several processes work together, and no engine
/// has to be installed.
///
/// ```swift
/// let broker = try await JournalBroker.open(LocalDirectory(path: "/var/lib/shop/events"))
/// let router = Router()
/// router.addHub(Hub(broker: broker))
/// try await Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 8090))).runService()
/// ```
///
/// The other processes use a ``RemoteBroker`` and a ``RemoteRegistryStore``. The process that has the hub may use the
/// broker and the store beside it.
///
/// Whoever reaches the hub may do everything: it belongs on a network of its own, or behind a middleware that asks who
/// it is.
public final class Hub: Sendable {
  /// How long a request waits for events or changes before it is answered with none.
  public let maxWait: Duration

  /// The most bytes of a request's body; of an answer's too, unless one event alone has more.
  public let maxBodyBytes: Int

  let broker: any EventBroker
  let store: any RegistryStore
  let sessions = HubSessions()
  let life = HubLife()

  /// Creates a hub; ``Hummingbird/RouterMethods/addHub(_:path:)`` serves it.
  ///
  /// - Parameters:
  ///   - broker: Keeps the events.
  ///   - registry: Keeps the registrations. Default: one in memory; after a restart the owners register again with
  ///     their next heartbeat.
  ///   - maxWait: How long a request waits for events or changes; less than 1 ms counts as that. So long the session of
  ///     a consumer that vanished while it waited may last beyond its time. Default: 10 s.
  ///   - maxBodyBytes: The most bytes of a body; less than 1 KiB counts as that. Default: 16 MiB.
  public init(
    broker: any EventBroker, registry: any RegistryStore = MemoryRegistryStore(),
    maxWait: Duration = .seconds(10), maxBodyBytes: Int = 16 << 20
  ) {
    self.broker = broker
    store = registry
    self.maxWait = max(maxWait, .milliseconds(1))
    self.maxBodyBytes = max(maxBodyBytes, 1 << 10)
  }

  /// What was asked for, within what the hub allows.
  func wait(_ nanoseconds: Int64) -> Duration { min(max(.nanoseconds(nanoseconds), .zero), maxWait) }
}
