internal import ResilienceCore

extension RegistryStoreContract {
  static var leases: [Case] {
    [
      Case(name: "whatIsUnderALeaseGoesWhenItIsNotKeptAlive") { trial in
        let lease = try await trial.store.grantLease(ttl: trial.ttl)
        let revision = try await trial.put("a", leaseID: lease.id)
        let last = try await trial.put("stays")
        try await trial.requireIDs(["a", "stays"], "at the beginning")
        let changes = try await trial.changes(after: last, count: 1, limit: lease.ttl * 4 + .seconds(5))
        guard case .removed("a", let removed)? = changes.first else {
          throw ContractViolation(name: trial.name, detail: "the end of a lease was told as \(changes)")
        }
        try trial.require(removed > revision, "it went at revision \(removed), and came at \(revision)")
        try await trial.requireIDs(["stays"], "after its lease has ended")
      },
      Case(name: "aHeartbeatKeepsIt") { trial in
        let lease = try await trial.store.grantLease(ttl: trial.ttl)
        try await trial.put("a", leaseID: lease.id)
        for _ in 0..<6 {
          try await CallContext.current.clock.sleep(for: lease.ttl / 2)
          let lives = try await trial.store.keepAlive(lease)
          try trial.require(lives, "a lease that is kept alive ended")
        }
        try await trial.requireIDs(["a"], "after three times its time-to-live")
        try await trial.store.revoke(lease)
      },
      Case(name: "whatIsUnderALeaseGoesWithIt") { trial in
        let lease = try await trial.store.grantLease(ttl: .seconds(60))
        for id in ["a", "b"] { try await trial.put(id, leaseID: lease.id) }
        try await trial.put("c")
        try await trial.store.revoke(lease)
        try await trial.requireIDs(["c"], "after the lease was revoked")
        try trial.require(try await trial.store.keepAlive(lease) == false, "a revoked lease is kept alive")
        try await trial.store.revoke(lease)
        let written = try await trial.store.write(trial.record("a", leaseID: lease.id), if: .always)
        try trial.require(written == .leaseEnded, "a write under an ended lease came to \(written)")
      },
      Case(name: "aRecordThatWasWrittenUnderAnotherLeaseHasLeftTheFirst") { trial in
        let first = try await trial.store.grantLease(ttl: .seconds(60))
        let second = try await trial.store.grantLease(ttl: .seconds(60))
        try trial.require(first.id != second.id, "two leases have the number \(first.id)")
        try await trial.put("a", leaseID: first.id)
        try await trial.put("a", leaseID: second.id)
        try await trial.store.revoke(first)
        try await trial.requireIDs(["a"], "after the first lease was revoked")
        let lease = try await trial.store.list(trial.service).records.first?.leaseID
        try trial.require(
          lease == second.id, "it is listed under the lease \(lease.map { "\($0)" } ?? "none")")
        try await trial.store.revoke(second)
        try await trial.requireIDs([], "after the second lease was revoked")
      },
    ]
  }
}
