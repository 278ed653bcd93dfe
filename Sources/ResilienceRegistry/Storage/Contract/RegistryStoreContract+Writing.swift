internal import ResilienceCore

extension RegistryStoreContract {
  static var writing: [Case] {
    [
      Case(name: "aWrittenRecordIsListedAsItIs") { trial in
        let instance = ServiceInstance(
          id: "a", service: trial.service, address: "10.0.0.7:80", metadata: ["k": "v"], zone: "z",
          weight: 2.5,
          version: "1.2")
        let written = try await trial.store.write(StoreRecord(instance, state: .draining), if: .always)
        let listing = try await trial.store.list(trial.service)
        try trial.require(listing.records.count == 1, "\(listing.records.count) records are listed, not 1")
        let record = listing.records[0]
        try trial.require(record.instance == instance, "\(record.instance) is listed, not \(instance)")
        try trial.require(record.state == .draining, "its state is \(record.state), not draining")
        try trial.require(
          written == .done(revision: record.revision), "\(written) is listed as \(record.revision)")
        try trial.require(listing.revision >= record.revision, "the listing is older than what it lists")
        _ = try await trial.store.remove("a", of: trial.service, if: .always)
        try await trial.requireIDs([], "after the removal")
      },
      Case(name: "whatIsThereRefusesAWriterThatWantsNothingThere") { trial in
        try await trial.put("a", address: "first")
        let refused = try await trial.store.write(trial.record("a", address: "second"), if: .absent)
        guard case .conflict(let present?) = refused else {
          throw ContractViolation(name: trial.name, detail: "the second writer was told \(refused)")
        }
        try trial.require(
          present.instance.address == "first", "the conflict says \(present.instance.address)")
        let other = try await trial.store.write(trial.record("b"), if: .absent)
        if case .done = other { return }
        throw ContractViolation(name: trial.name, detail: "a write where nothing is came to \(other)")
      },
      Case(name: "ofManyWritersThatReadTheSameOneWins") { trial in
        let revision = try await trial.put("a")
        let done = try await withThrowingTaskGroup(of: Bool.self) { group in
          for number in 0..<10 {
            group.addTask {
              let written = try await trial.store.write(
                trial.record("a", address: "\(number)"), if: .revision(revision))
              if case .done = written { return true }
              return false
            }
          }
          return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        try trial.require(done == 1, "\(done) of ten writers won")
        let stale = try await trial.store.remove("a", of: trial.service, if: .revision(revision))
        if case .conflict(_?) = stale {
        } else {
          throw ContractViolation(name: trial.name, detail: "a removal of an older revision came to \(stale)")
        }
      },
      Case(name: "aRevisionOfWhatIsGoneIsAConflict") { trial in
        let revision = try await trial.put("a")
        _ = try await trial.store.remove("a", of: trial.service, if: .revision(revision))
        // Nothing has the revision 0 either, nor one that there will never be.
        for revision in [revision, 0, .max] {
          let written = try await trial.store.write(trial.record("a"), if: .revision(revision))
          try trial.require(
            written == .conflict(nil), "a write over revision \(revision) of what is gone came to \(written)")
        }
        let removed = try await trial.store.remove("a", of: trial.service, if: .always)
        if case .done = removed { return }
        throw ContractViolation(name: trial.name, detail: "removing nothing came to \(removed)")
      },
      Case(name: "revisionsGrow") { trial in
        var last: UInt64 = 0
        for number in 0..<5 {
          let revision = try await trial.put("a\(number % 2)")
          try trial.require(revision > last, "revision \(revision) follows \(last)")
          last = revision
        }
      },
      Case(name: "namesAreBytes") { trial in
        let names = ["cafe\u{301}", "caf\u{e9}", "a/b", "a b"].sorted { $0.isOrdered(before: $1) }
        for name in names { try await trial.put(name) }
        try await trial.requireIDs(names, "of four names")
      },
      Case(name: "servicesDoNotMix") { trial in
        try await trial.put("a")
        let longer = trial.service + "-and-more"
        let other = StoreRecord(ServiceInstance(id: "b", service: longer))
        _ = try await trial.store.write(other, if: .always)
        try await trial.requireIDs(["a"], "beside a service whose name begins with this one's")
        _ = try await trial.store.remove("b", of: longer, if: .always)
      },
    ]
  }
}
