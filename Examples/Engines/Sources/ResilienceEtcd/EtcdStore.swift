public import AsyncHTTPClient
public import Resilience

/// Keeps the registrations of several processes in etcd, through its JSON gateway.
///
/// ```swift
/// let store = EtcdStore(HTTPClient.shared, at: "http://127.0.0.1:2379")
/// try await store.withLease(instance, ttl: .seconds(10)) { try await server.run() }               // a server
/// try await RegistryReplica(of: store, in: registry, services: ["payment"]).run()                  // its clients
/// ```
///
/// A record is a key `PREFIX/SERVICE/ID`, with a document of the instance as its value; a slash and a percent sign in
/// a service's name or an id are written as `%2F` and `%25`. Leases are etcd's: whole seconds, rounded up. A change is
/// told by a watch from the revision after the one that was listed, and a watch of what etcd has compacted throws
/// `StoreCompacted`, upon which a `RegistryReplica` lists anew.
///
/// Each request has the time that is left of the caller's deadline, and ``timeout`` at most. A watch has neither: that
/// of a connection which is cut without a word hears nothing until the replica lists again (`refreshInterval`).
public struct EtcdStore: RegistryStore {
  /// What the keys of all records begin with.
  public let prefix: String

  /// How long a request may take.
  public let timeout: Duration

  let gateway: EtcdGateway

  /// Creates a store; nothing is sent before it is asked.
  ///
  /// - Parameters:
  ///   - client: Sends the requests. It is not shut down.
  ///   - endpoint: Where etcd's clients are served, without a path. Default: etcd's own, on this machine.
  ///   - prefix: What the keys of all records begin with. Default: `registry`.
  ///   - timeout: How long a request may take; less than 1 ms counts as that. Default: 5 s, as `RegistryReplica`
  ///     gives a listing.
  public init(
    _ client: HTTPClient, at endpoint: String = "http://127.0.0.1:2379", prefix: String = "registry",
    timeout: Duration = .seconds(5)
  ) {
    self.prefix = prefix
    self.timeout = max(timeout, .milliseconds(1))
    gateway = EtcdGateway(client: client, endpoint: endpoint, timeout: self.timeout)
  }
}

// MARK: - Leases

extension EtcdStore {
  /// Grants a lease.
  ///
  /// - Throws: ``EtcdError``, and what the client throws, as everything here does.
  public func grantLease(ttl: Duration) async throws -> StoreLease {
    let seconds = max(1, ttl.roundedUpToSeconds)
    let granted: EtcdLease = try await gateway.send("lease/grant", EtcdLease(ttl: seconds))
    guard let id = granted.id else { throw EtcdError(.unreadable, "lease/grant", "an answer without ID") }
    return StoreLease(id: id.value, ttl: .seconds(granted.ttl?.value ?? seconds))
  }

  /// Extends a lease.
  public func keepAlive(_ lease: StoreLease) async throws -> Bool {
    let kept: EtcdStreamed<EtcdLease> = try await gateway.send("lease/keepalive", EtcdLease(id: lease.id))
    return (kept.result?.ttl?.value ?? 0) > 0
  }

  /// Ends a lease, and removes every record under it.
  public func revoke(_ lease: StoreLease) async throws {
    do {
      let _: EtcdLease = try await gateway.send("lease/revoke", EtcdLease(id: lease.id))
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
    let answer: EtcdRangeAnswer = try await gateway.send("kv/range", range(of: service))
    return StoreListing(
      records: try (answer.kvs ?? []).map { try record($0, of: service) },
      revision: answer.header.revision.value)
  }

  private func change(
    _ key: EtcdBytes, of service: String, if condition: StoreCondition, _ operation: EtcdOperation
  ) async throws -> StoreWrite {
    let transaction = EtcdTransaction(
      compare: condition.comparison(of: key).map { [$0] } ?? [], success: [operation],
      failure: [EtcdOperation(range: EtcdRange(key: key))])
    let answer: EtcdTransactionAnswer = try await gateway.send("kv/txn", transaction)
    if answer.succeeded == true { return .done(revision: answer.header.revision.value) }
    return .conflict(try answer.responses?.first?.range?.kvs?.first.map { try record($0, of: service) })
  }
}

// MARK: - Changes

extension EtcdStore {
  /// Hands the changes over as they come.
  public func follow(
    _ service: String, after revision: UInt64,
    _ onChanges: @escaping @Sendable ([StoreChange]) async throws -> Void
  ) async throws {
    let range = range(of: service)
    let watch = EtcdWatch(
      key: range.key, end: range.end, startRevision: revision == .max ? revision : revision + 1)
    try await gateway.stream("watch", EtcdWatchRequest(create: watch)) { (answer: EtcdWatchAnswer) in
      if let compacted = answer.compactRevision?.value, compacted > 0 {
        throw StoreCompacted(after: revision)
      }
      if answer.canceled == true {
        throw EtcdError(.refused, "watch", answer.cancelReason ?? "the watch was cancelled")
      }
      let changes = try (answer.events ?? []).map { event in try change(event, of: service) }
      if !changes.isEmpty { try await onChanges(changes) }
    }
  }

  private func change(_ event: EtcdEvent, of service: String) throws -> StoreChange {
    guard event.type == "DELETE" else { return .written(try record(event.pair, of: service)) }
    return .removed(id: try id(event.pair.key, of: service), revision: event.pair.revision.value)
  }
}
