public import AsyncHTTPClient
public import Resilience

/// Keeps the registrations of several processes in etcd, through its JSON gateway.
///
/// ```swift
/// let store = EtcdStore(at: "http://127.0.0.1:2379")
/// try await store.withLease(instance, ttl: .seconds(15)) { try await server.run() }               // a server
/// try await RegistryReplica(of: store, in: registry, services: ["payment"]).run()                  // its clients
/// ```
///
/// A record is a key `PREFIX/SERVICE/ID`, with a document of the instance as its value; a slash and a percent sign in
/// a service's name or an id are written as `%2F` and `%25`. What stands under the prefix and is no such record is
/// left out, and told to `onUnreadable`. Leases are etcd's: whole seconds, rounded up. A change is told by a watch from
/// the revision after the one that was listed, and a watch of what etcd has compacted throws `StoreCompacted`, upon
/// which a `RegistryReplica` lists anew.
///
/// A request takes ``timeout`` at most, with its answer: then it throws `TimedOut`. Nothing is sent for a caller whose
/// deadline has passed: that is a `DeadlineExceeded`. A watch has no limit: that of a connection which is cut without a
/// word hears nothing until the replica lists again (`refreshInterval`). Besides, everything throws ``EtcdError`` and
/// what the client throws, such as `HTTPClientError`.
public struct EtcdStore: RegistryStore {
  /// What the keys of all records begin with.
  public let prefix: String

  /// How long a request may take.
  public let timeout: Duration

  let gateway: EtcdGateway
  let onUnreadable: @Sendable (EtcdError) -> Void

  /// Creates a store; nothing is sent before it is asked.
  ///
  /// - Parameters:
  ///   - client: Sends the requests; it is not shut down. Each service that is followed holds a connection:
  ///     over HTTP/1 a client has eight for one host, unless `concurrentHTTP1ConnectionsPerHostSoftLimit` says
  ///     otherwise, and one more service would leave none for requests. A client that connects again by itself, such as
  ///     `HTTPClient.shared`, keeps requests waiting for up to a minute when etcd is back. Default: one of this module's,
  ///     with neither of the two.
  ///   - endpoint: Where etcd's clients are served, without a path. Default: etcd's own, on this machine.
  ///   - prefix: What the keys of all records begin with. Default: `registry`.
  ///   - timeout: How long a request may take; less than 1 ms counts as that. Default: 5 s, as `RegistryReplica`
  ///     gives a listing.
  ///   - onUnreadable: Is told of what stands under the prefix and is no record, each time it is come across. Default:
  ///     nobody.
  public init(
    _ client: HTTPClient? = nil,
    at endpoint: String = "http://127.0.0.1:2379", prefix: String = "registry",
    timeout: Duration = .seconds(5), onUnreadable: @escaping @Sendable (EtcdError) -> Void = { _ in }
  ) {
    self.prefix = prefix
    self.timeout = max(timeout, .milliseconds(1))
    self.onUnreadable = onUnreadable
    gateway = EtcdGateway(client: client ?? DefaultClient.shared, endpoint: endpoint)
  }
}

// MARK: - Leases

extension EtcdStore {
  /// Grants a lease; etcd may grant a longer one.
  public func grantLease(ttl: Duration) async throws -> StoreLease {
    let granted: EtcdLease = try await gateway.send(
      "lease/grant", EtcdLease(ttl: max(1, ttl.roundedUpToSeconds)), within: timeout)
    guard let id = granted.id, let ttl = granted.ttl else {
      throw EtcdError(.unreadable, "lease/grant", "an answer without ID and TTL")
    }
    return StoreLease(id: id.value, ttl: .seconds(ttl.value))
  }

  /// Extends a lease.
  ///
  /// It takes no longer than a quarter of the lease, so that another one comes in time.
  public func keepAlive(_ lease: StoreLease) async throws -> Bool {
    let kept: EtcdStreamed<EtcdLease> = try await gateway.send(
      "lease/keepalive", EtcdLease(id: lease.id), within: min(timeout, lease.ttl / 4))
    return (try kept.answer("lease/keepalive").ttl?.value ?? 0) > 0
  }

  /// Ends a lease, and removes every record under it.
  public func revoke(_ lease: StoreLease) async throws {
    do {
      let _: EtcdLease = try await gateway.send("lease/revoke", EtcdLease(id: lease.id), within: timeout)
    } catch let error as EtcdError where error.reason == .notFound {}
  }
}

// MARK: - Records

extension EtcdStore {
  /// Writes a record, if the condition holds.
  public func write(_ record: StoreRecord, if condition: StoreCondition) async throws -> StoreWrite {
    let key = key(record.instance.id, of: record.instance.service)
    let put = EtcdPut(key: key, value: try EtcdRecord(record).bytes(), lease: record.leaseID)
    do {
      return try await change(key, of: record.instance.service, if: condition, EtcdOperation(put: put))
    } catch let error as EtcdError where error.reason == .notFound && record.leaseID != nil {
      return .leaseEnded
    }
  }

  /// Removes a record, if the condition holds.
  public func remove(_ id: String, of service: String, if condition: StoreCondition) async throws
    -> StoreWrite
  {
    let key = key(id, of: service)
    return try await change(key, of: service, if: condition, EtcdOperation(remove: EtcdRange(key: key)))
  }

  /// All records of a service, in the order of their keys.
  public func list(_ service: String) async throws -> StoreListing {
    let answer: EtcdRangeAnswer = try await gateway.send("kv/range", range(of: service), within: timeout)
    return StoreListing(
      records: (answer.kvs ?? []).compactMap { record($0, of: service) },
      revision: answer.header.revision.value)
  }

  private func change(
    _ key: EtcdBytes, of service: String, if condition: StoreCondition, _ operation: EtcdOperation
  ) async throws -> StoreWrite {
    let transaction = EtcdTransaction(
      compare: condition.comparison(of: key).map { [$0] } ?? [], success: [operation],
      failure: [EtcdOperation(range: EtcdRange(key: key))])
    let answer: EtcdTransactionAnswer = try await gateway.send("kv/txn", transaction, within: timeout)
    if answer.succeeded == true { return .done(revision: answer.header.revision.value) }
    return .conflict(answer.responses?.first?.range?.kvs?.first.flatMap { record($0, of: service) })
  }
}

// MARK: - Changes

extension EtcdStore {
  /// Hands the changes over as they come.
  ///
  /// - Throws: `StoreCompacted`; what `onChanges` throws; ``EtcdError``, also when etcd ends the watch.
  public func follow(
    _ service: String, after revision: UInt64,
    _ onChanges: @escaping @Sendable ([StoreChange]) async throws -> Void
  ) async throws {
    var told = revision
    while true {
      do {
        try await watch(service, after: &told, onChanges)
      } catch let error as HTTPClientError where error == .readTimeout {
        // A client's limit on silence: there was nothing to tell.
      }
    }
  }

  private func watch(
    _ service: String, after told: inout UInt64,
    _ onChanges: @Sendable ([StoreChange]) async throws -> Void
  ) async throws {
    let range = range(of: service)
    let request = EtcdWatch(
      key: range.key, end: range.end, startRevision: told < .endOfRevisions ? told + 1 : .endOfRevisions)
    try await gateway.stream("watch", EtcdWatchRequest(create: request)) { (answer: EtcdWatchAnswer) in
      if let compacted = answer.compactRevision?.value, compacted > 0 { throw StoreCompacted(after: told) }
      if answer.canceled == true {
        throw EtcdError(.refused, "watch", answer.cancelReason ?? "the watch was cancelled")
      }
      // A member that lags behind may tell once more what was told.
      let changes = (answer.events ?? []).compactMap { change($0, of: service) }.filter { $0.revision > told }
      guard let last = changes.last else { return }
      try await onChanges(changes)
      told = last.revision
    }
  }

  private func change(_ event: EtcdEvent, of service: String) -> StoreChange? {
    if event.type != "DELETE", let record = record(event.pair, of: service) { return .written(record) }
    // One that cannot be read any more is gone.
    return id(event.pair.key, of: service).map { .removed(id: $0, revision: event.pair.revision.value) }
  }
}
