internal import ResilienceCore

/// Follows services in a store, and lists their instances in a ``ServiceRegistry``: what callers ask and
/// balance over.
///
/// The owner runs it, beside its server:
///
/// ```swift
/// let registry = ServiceRegistry()
/// let replica = RegistryReplica(of: store, in: registry, services: ["inventory", "payment"])
/// try await replica.run()
/// ```
///
/// A store that cannot be reached empties nothing: the last good list stays, and says since when it is stale
/// (``ServiceSnapshot/staleSince``). A failure is seen when the store reports it, and a silence within
/// ``refreshInterval`` and ``timeout`` together. Only after ``maxStaleness`` are the instances dropped.
///
/// An instance whose record vanishes without a farewell has lapsed, and many that lapse together are kept as
/// suspects; see ``SelfPreservation``. A store that has lost its data is no reason to call nobody.
///
/// Nothing else may register instances of these services in that registry; health reports and an operator's
/// states may be given there, and hold in that process.
public struct RegistryReplica<Store: RegistryStore>: Sendable {
  /// After how long at the latest the list is read again, whatever the watch has said.
  public let refreshInterval: Duration

  /// How long reading the list may take.
  public let timeout: Duration

  /// How long a list that is stale is kept; `nil` for ever.
  public let maxStaleness: Duration?

  private let store: Store
  private let registry: ServiceRegistry
  private let services: [String]

  /// Creates a replica; ``run()`` starts it.
  ///
  /// - Parameters:
  ///   - store: What is followed.
  ///   - registry: Where the instances are listed.
  ///   - services: The names of the services. An empty one is skipped, as names may come from outside.
  ///   - refreshInterval: After how long at the latest the list is read again; less than 1 s counts as that.
  ///     Default: 60 s.
  ///   - timeout: How long reading the list may take; less than 1 ms counts as that. Default: 5 s.
  ///   - maxStaleness: How long a list that is stale is kept; `nil` for ever. Default: 1 h: later than that
  ///     an address may well belong to somebody else.
  public init(
    of store: Store, in registry: ServiceRegistry, services: [String],
    refreshInterval: Duration = .seconds(60),
    timeout: Duration = .seconds(5), maxStaleness: Duration? = .seconds(3600)
  ) {
    self.store = store
    self.registry = registry
    self.services = services.filter { !$0.isEmpty }
    self.refreshInterval = max(refreshInterval, .seconds(1))
    self.timeout = max(timeout, .milliseconds(1))
    self.maxStaleness = maxStaleness
  }

  /// Follows the services until cancelled; with none it waits for that. The instances stay listed then, as
  /// nobody says that they have gone.
  ///
  /// - Throws: `CancellationError` when its task is cancelled.
  public func run() async throws {
    await withDiscardingTaskGroup { group in
      for service in services {
        let follower = ServiceFollower(
          store, registry.directory(of: service), refreshInterval: refreshInterval, timeout: timeout,
          maxStaleness: maxStaleness)
        group.addTask { await follower.run() }
      }
      // Ends with the task alone, though there is nothing to follow: who runs it takes an end for a failure.
      if services.isEmpty { for await _ in AsyncStream<Never>.makeStream().stream {} }
    }
    throw CancellationError()
  }
}
