/// Where the registrations of several processes are kept: a database with leases, revisions and watches.
///
/// A process registers itself with ``withLease(_:ttl:isolation:_:)``, and lists others by following the store
/// with a ``RegistryReplica``. ``MemoryRegistryStore`` is one for tests and simulations;
/// ``RegistryStoreContract`` has the tests that every store must pass.
///
/// The protocol is cut to what etcd offers, so that an adapter is thin:
///
/// | here | etcd |
/// |---|---|
/// | a record of a service | a key `registry/SERVICE/ID` whose value the adapter encodes |
/// | ``StoreRecord/revision`` | the key's `mod_revision` |
/// | ``StoreCondition`` | `compare` of a `txn`: `CREATE == 0`, or `MOD == revision` |
/// | ``StoreWrite/conflict(_:)`` | the `range` in the `failure` branch of that `txn` |
/// | ``grantLease(ttl:)``, ``keepAlive(_:)``, ``revoke(_:)`` | `LeaseGrant`, `LeaseKeepAlive` (a `TTL` of 0 is `false`), `LeaseRevoke` |
/// | ``list(_:)`` | `range` over the prefix, and the header's `revision` |
/// | ``follow(_:after:_:)`` | `watch` over the prefix with `start_revision` one higher |
/// | ``StoreCompacted`` | a `watch` that is cancelled with a `compact_revision` |
///
/// A store may fail: every function throws what its client throws. Nothing is assumed then about whether a
/// write was made.
public protocol RegistryStore: Sendable {
  /// Grants a lease. Once it has not been kept alive for its time-to-live, the store removes every record
  /// under it.
  ///
  /// - Parameter ttl: How long it holds without a heartbeat, more than 0. The store may grant a longer one.
  func grantLease(ttl: Duration) async throws -> StoreLease

  /// Extends a lease to one time-to-live from now: the heartbeat.
  ///
  /// - Returns: `false` when the lease has ended.
  func keepAlive(_ lease: StoreLease) async throws -> Bool

  /// Ends a lease, and removes every record under it. Ending one that has ended does nothing.
  func revoke(_ lease: StoreLease) async throws

  /// Writes a record in the place of one with the same service and id, if the condition holds.
  ///
  /// - Parameters:
  ///   - record: What to write; its revision is not looked at.
  ///   - condition: What must be there.
  func write(_ record: StoreRecord, if condition: StoreCondition) async throws -> StoreWrite

  /// Removes a record, if the condition holds. There being none is no conflict, but with
  /// ``StoreCondition/revision(_:)``.
  func remove(_ id: String, of service: String, if condition: StoreCondition) async throws -> StoreWrite

  /// All records of a service, as of one revision of the store.
  func list(_ service: String) async throws -> StoreListing

  /// Hands the changes of a service over as they come, in order, each once, beginning with the first after
  /// `revision`.
  ///
  /// Does not return before its task is cancelled; then it throws or returns.
  ///
  /// - Parameters:
  ///   - service: The service.
  ///   - revision: The last revision that is known, as ``list(_:)`` says it.
  ///   - onChanges: Is awaited before the next changes are handed over.
  /// - Throws: ``StoreCompacted`` when changes after `revision` have been forgotten; what `onChanges` throws.
  func follow(
    _ service: String, after revision: UInt64,
    _ onChanges: @escaping @Sendable ([StoreChange]) async throws -> Void
  ) async throws
}
