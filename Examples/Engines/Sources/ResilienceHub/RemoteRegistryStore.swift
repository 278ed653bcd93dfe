public import AsyncHTTPClient
public import Resilience

/// The registry's store of a ``Hub`` in another process.
///
/// ```swift
/// let store = RemoteRegistryStore(at: "http://127.0.0.1:8090/hub")
/// try await store.withLease(instance, ttl: .seconds(15)) { try await server.run() }               // a server
/// try await RegistryReplica(of: store, in: registry, services: ["payment"]).run()                  // its clients
/// ```
///
/// A hub that was started anew has an empty store in memory. Whoever follows is told to list again (`StoreCompacted`),
/// leases have ended, and owners register again with their next heartbeat; a replica keeps the last good list meanwhile.
///
/// A request takes ``timeout`` at most, with its answer, and one that waits for changes up to 10 s more: then it throws
/// `TimedOut`. Nothing is sent for a caller whose deadline has passed: that is a `DeadlineExceeded`. Besides,
/// everything throws what `RegistryStore` says, ``RemoteError``, and what the client throws, such as `HTTPClientError`.
public final class RemoteRegistryStore: RegistryStore {
  /// How long a request may take.
  public let timeout: Duration

  private let client: HubClient

  /// Creates a store; nothing is sent before it is asked.
  ///
  /// - Parameters:
  ///   - client: Sends the requests; it is not shut down. Each service that is followed holds a connection:
  ///     over HTTP/1 a client has eight for one host, unless `concurrentHTTP1ConnectionsPerHostSoftLimit` says
  ///     otherwise, and one more service would leave none for requests. A client that connects again by itself, such as
  ///     `HTTPClient.shared`, keeps requests waiting for up to a minute when the hub is back. Default: one of this module's,
  ///     with neither of the two.
  ///   - endpoint: Where the hub is, with its path.
  ///   - timeout: How long a request may take; less than 1 ms counts as that. Default: 5 s, as `RegistryReplica` gives
  ///     a listing.
  public init(
    _ client: HTTPClient? = nil, at endpoint: String,
    timeout: Duration = .seconds(5)
  ) {
    self.client = HubClient(client: client ?? DefaultClient.shared, endpoint: endpoint, timeout: timeout)
    self.timeout = self.client.timeout
  }

  // MARK: - Leases

  /// Grants a lease.
  public func grantLease(ttl: Duration) async throws -> StoreLease {
    let granted: HubFrame<HubLease> = try await client.ask(
      HubPath.grant, HubGrant(ttlNanoseconds: ttl.clampedToNanoseconds))
    return granted.head.lease
  }

  /// Extends a lease.
  ///
  /// It takes no longer than a quarter of the lease, so that another one comes in time.
  public func keepAlive(_ lease: StoreLease) async throws -> Bool {
    let kept: HubFrame<HubLives> = try await client.ask(
      HubPath.keepAlive, HubLease(lease), within: min(timeout, lease.ttl / 4))
    return kept.head.lives
  }

  /// Ends a lease, and removes every record under it.
  public func revoke(_ lease: StoreLease) async throws {
    let _: HubFrame<HubNothing> = try await client.ask(HubPath.revoke, HubLease(lease))
  }

  // MARK: - Records

  /// Writes a record, if the condition holds.
  ///
  /// A revision that was read before the hub was started anew is a conflict.
  public func write(_ record: StoreRecord, if condition: StoreCondition) async throws -> StoreWrite {
    let written: HubFrame<HubWritten> = try await client.ask(
      HubPath.write, HubWrite(record: HubRecord(record), condition: HubCondition(condition)))
    return written.head.write
  }

  /// Removes a record, if the condition holds.
  public func remove(_ id: String, of service: String, if condition: StoreCondition) async throws
    -> StoreWrite
  {
    let removed: HubFrame<HubWritten> = try await client.ask(
      HubPath.remove, HubRemove(service: service, id: id, condition: HubCondition(condition)))
    return removed.head.write
  }

  /// All records of a service.
  public func list(_ service: String) async throws -> StoreListing {
    let listing: HubFrame<HubListing> = try await client.ask(HubPath.list, HubService(service: service))
    return StoreListing(records: listing.head.records.map(\.record), revision: listing.head.revision)
  }

  // MARK: - Changes

  /// Hands the changes over as they come.
  ///
  /// - Throws: `StoreCompacted`, also when the hub was started anew since `revision` was read; what `onChanges`
  ///   throws; what the hub or the client throws.
  public func follow(
    _ service: String, after revision: UInt64,
    _ onChanges: @escaping @Sendable ([StoreChange]) async throws -> Void
  ) async throws {
    var told = revision
    while true {
      let begin = CallContext.current.readClock()
      let answer: HubFrame<HubChanges>? = try await client.poll(
        HubPath.follow,
        HubFollow(
          service: service, after: told, waitNanoseconds: HubClient.wait.clampedToNanoseconds))
      guard let answer else { continue }
      let changes = answer.head.changes.compactMap(\.change).filter { $0.revision > told }
      guard let last = changes.last else {
        try await client.pause(ifSoonAfter: begin)
        continue
      }
      try await onChanges(changes)
      told = last.revision
    }
  }
}
