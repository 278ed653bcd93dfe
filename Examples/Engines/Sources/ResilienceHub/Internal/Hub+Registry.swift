internal import NIOCore
internal import Resilience

/// Leases leave the hub under other numbers, by the exclusive or with one of the hub's life: a store in memory counts
/// from 1 again, and the lease of an earlier life must not be somebody else's in this one.
extension Hub {
  private var leaseMask: Int64 { Int64(bitPattern: life >> 1) }

  private func outward(_ record: StoreRecord) -> StoreRecord {
    var record = record
    record.leaseID = record.leaseID.map { $0 ^ leaseMask }
    return record
  }

  private func outward(_ change: StoreChange) -> StoreChange {
    if case .written(let record) = change { .written(outward(record)) } else { change }
  }

  private func outward(_ write: StoreWrite) -> StoreWrite {
    if case .conflict(let present) = write { .conflict(present.map { outward($0) }) } else { write }
  }

  private func inward(_ lease: HubLease) -> StoreLease {
    StoreLease(id: lease.id ^ leaseMask, ttl: lease.lease.ttl)
  }

  /// The requests about registrations, by their paths.
  var registryRequests: [(String, Answer)] {
    [
      (
        HubPath.grant,
        Self.answering { [self] (frame: HubFrame<HubGrant>) in
          let lease = try await store.grantLease(ttl: .nanoseconds(frame.head.ttlNanoseconds))
          return HubFrame(HubLease(StoreLease(id: lease.id ^ leaseMask, ttl: lease.ttl)))
        }
      ),
      (
        HubPath.keepAlive,
        Self.answering { [self] (frame: HubFrame<HubLease>) in
          HubFrame(HubLives(lives: try await store.keepAlive(inward(frame.head))))
        }
      ),
      (
        HubPath.revoke,
        Self.answering { [self] (frame: HubFrame<HubLease>) in
          try await store.revoke(inward(frame.head))
          return HubFrame(HubNothing())
        }
      ),
      (
        HubPath.write,
        Self.answering { [self] (frame: HubFrame<HubWrite>) in
          let written = try await store.write(
            outward(frame.head.record.record), if: frame.head.condition.condition(in: life))
          return HubFrame(HubWritten(outward(written)))
        }
      ),
      (
        HubPath.remove,
        Self.answering { [self] (frame: HubFrame<HubRemove>) in
          let removed = try await store.remove(
            frame.head.id, of: frame.head.service, if: frame.head.condition.condition(in: life))
          return HubFrame(HubWritten(outward(removed)))
        }
      ),
      (
        HubPath.list,
        Self.answering { [self] (frame: HubFrame<HubService>) in
          let listing = try await store.list(frame.head.service)
          return HubFrame(
            HubListing(
              records: listing.records.map { HubRecord(outward($0)) }, revision: listing.revision, life: life)
          )
        }
      ),
      (
        HubPath.follow,
        Self.answering { [self] (frame: HubFrame<HubFollow>) in
          let changes = try await changes(frame.head).map { HubChange(outward($0)) }
          return HubFrame(HubChanges(changes: changes, life: life))
        }
      ),
    ]
  }

  private struct Told: Error {
    let changes: [StoreChange]
  }

  /// Those that there are, or the next; none when there are none in time.
  private func changes(_ asked: HubFollow) async throws -> [StoreChange] {
    guard asked.life ?? life == life else { throw StoreCompacted(after: asked.after) }
    let store = store
    do {
      try await within(wait(asked.waitNanoseconds)) {
        try await store.follow(asked.service, after: asked.after) { throw Told(changes: $0) }
      }
      return []
    } catch let told as Told {
      return told.changes
    }
  }
}
