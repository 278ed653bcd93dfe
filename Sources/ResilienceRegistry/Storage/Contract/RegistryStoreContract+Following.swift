internal import ResilienceCore

extension RegistryStoreContract {
  static var following: [Case] {
    [
      Case(name: "nothingIsMissedAndNothingToldTwice") { trial in
        try await trial.put("before")
        let revision = try await trial.store.list(trial.service).revision
        try await trial.put("a")
        _ = try await trial.store.remove("before", of: trial.service, if: .always)
        let writer = Task.immediate(executorPreference: CallContext.current.executor) {
          for number in 0..<20 {
            try await CallContext.current.clock.sleep(for: .milliseconds(1))
            try await trial.put("b\(number % 3)")
          }
        }
        let changes = try await trial.changes(after: revision, count: 22)
        try await writer.value
        try trial.require(changes.count == 22, "\(changes.count) changes came, not 22")
        let revisions = changes.map(\.revision)
        try trial.require(
          zip(revisions, revisions.dropFirst()).allSatisfy { $0 < $1 } && revisions[0] > revision,
          "the revisions after \(revision) are \(revisions)")
        guard case .written(let first) = changes[0], case .removed("before", _) = changes[1] else {
          throw ContractViolation(name: trial.name, detail: "the first two changes are \(changes.prefix(2))")
        }
        try trial.require(first.instance.id == "a", "the first change is of \(first.instance.id)")
      },
      Case(name: "aWatchOfTheLastRevisionBeginsWithTheNextChange") { trial in
        try await trial.put("a")
        let revision = try await trial.store.list(trial.service).revision
        let none = try await trial.changes(after: revision, count: 1, limit: .milliseconds(300))
        try trial.require(none.isEmpty, "\(none) came after the last revision")
        let written = try await trial.put("b")
        let changes = try await trial.changes(after: revision, count: 1)
        try trial.require(changes.map(\.revision) == [written], "\(changes) came, not revision \(written)")
      },
      Case(name: "whoeverAsksForForgottenChangesIsToldToListAnew") { trial in
        guard let forget = trial.forget else { return }
        let known = try await trial.put("a")
        try await trial.put("b")
        _ = try await trial.store.remove("a", of: trial.service, if: .always)
        try await forget()
        do {
          let changes = try await trial.changes(after: known, count: 1, limit: .seconds(2))
          throw ContractViolation(
            name: trial.name,
            detail: "after revision \(known), which was forgotten, the watch told \(changes.map(\.revision))")
        } catch is StoreCompacted {}
        try await trial.requireIDs(["b"], "after the store has forgotten how it came about")
        let revision = try await trial.store.list(trial.service).revision
        let written = try await trial.put("c")
        let changes = try await trial.changes(after: revision, count: 1)
        try trial.require(
          changes.map(\.revision) == [written], "after a new listing \(changes) came, not revision \(written)"
        )
      },
      Case(name: "whatHandlesAChangeEndsTheWatchByThrowing") { trial in
        struct Stop: Error {}
        let revision = try await trial.store.list(trial.service).revision
        try await trial.put("a")
        do {
          try await trial.store.follow(trial.service, after: revision) { _ in throw Stop() }
        } catch is Stop {
          return
        }
        throw ContractViolation(name: trial.name, detail: "the watch went on")
      },
      Case(name: "cancellationEndsTheWatch") { trial in
        let revision = try await trial.store.list(trial.service).revision
        let watch = Task.immediate(executorPreference: CallContext.current.executor) {
          try await trial.store.follow(trial.service, after: revision) { _ in }
        }
        try await CallContext.current.clock.sleep(for: .milliseconds(50))
        watch.cancel()
        _ = await watch.result
      },
    ]
  }
}
