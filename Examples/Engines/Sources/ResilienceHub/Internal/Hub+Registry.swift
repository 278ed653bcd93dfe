internal import NIOCore
internal import Resilience

extension Hub {
  private func outward(_ record: StoreRecord) -> StoreRecord {
    var record = record
    record.leaseID = record.leaseID.map { life.outward(lease: $0) }
    record.revision = life.outward(revision: record.revision)
    return record
  }

  private func outward(_ change: StoreChange) -> StoreChange {
    switch change {
    case .written(let record): .written(outward(record))
    case .removed(let id, let revision): .removed(id: id, revision: life.outward(revision: revision))
    }
  }

  private func outward(_ write: StoreWrite) -> StoreWrite {
    switch write {
    case .done(let revision): .done(revision: life.outward(revision: revision))
    case .conflict(let present): .conflict(present.map { outward($0) })
    case .leaseEnded: .leaseEnded
    }
  }

  private func inward(_ lease: HubLease) -> StoreLease {
    StoreLease(id: life.inward(lease: lease.id), ttl: lease.lease.ttl)
  }

  private func inward(_ record: HubRecord) -> StoreRecord {
    var record = record.record
    record.leaseID = record.leaseID.map { life.inward(lease: $0) }
    return record
  }

  /// A revision that was read in another life of the hub is that of nothing, as is 0.
  private func inward(_ condition: HubCondition) -> StoreCondition {
    switch condition.kind {
    case .always: .always
    case .absent: .absent
    case .revision: .revision(condition.revision.flatMap { life.inward(revision: $0) } ?? 0)
    }
  }

  /// The requests about registrations, by their paths.
  var registryRequests: [(String, Answer)] {
    [
      (
        HubPath.grant,
        Self.answering { [self] (frame: HubFrame<HubGrant>) in
          let lease = try await store.grantLease(ttl: .nanoseconds(frame.head.ttlNanoseconds))
          return HubFrame(HubLease(StoreLease(id: life.outward(lease: lease.id), ttl: lease.ttl)))
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
            inward(frame.head.record), if: inward(frame.head.condition))
          return HubFrame(HubWritten(outward(written)))
        }
      ),
      (
        HubPath.remove,
        Self.answering { [self] (frame: HubFrame<HubRemove>) in
          let removed = try await store.remove(
            frame.head.id, of: frame.head.service, if: inward(frame.head.condition))
          return HubFrame(HubWritten(outward(removed)))
        }
      ),
      (
        HubPath.list,
        Self.answering { [self] (frame: HubFrame<HubService>) in
          let listing = try await store.list(frame.head.service)
          return HubFrame(
            HubListing(
              records: listing.records.map { HubRecord(outward($0)) },
              revision: life.outward(revision: listing.revision)))
        }
      ),
      (
        HubPath.follow,
        Self.answering { [self] (frame: HubFrame<HubFollow>) in
          let changes = try await changes(frame.head).map { HubChange(outward($0)) }
          return HubFrame(HubChanges(changes: changes))
        }
      ),
    ]
  }

  private struct Told: Error {
    let changes: [StoreChange]
  }

  /// Those that there are, or the next; none when there are none in time.
  private func changes(_ asked: HubFollow) async throws -> [StoreChange] {
    // 0 is before all that there is in any life.
    guard let after = asked.after == 0 ? 0 : life.inward(revision: asked.after) else {
      throw StoreCompacted(after: asked.after)
    }
    let store = store
    do {
      try await within(wait(asked.waitNanoseconds)) {
        try await store.follow(asked.service, after: after) { throw Told(changes: $0) }
      }
      return []
    } catch let told as Told {
      return told.changes
    }
  }
}
