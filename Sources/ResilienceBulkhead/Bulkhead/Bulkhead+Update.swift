extension Bulkhead {
  /// Sets another limit. What is inside stays inside; of those that wait, as many as have room now go in. An
  /// adaptive limit begins anew.
  ///
  /// - Parameter limit: A fixed one must be in its range, 1 to 10⁹; one that was read from a document is.
  public func update(_ limit: BulkheadLimit) {
    if let fault = limit.fault { preconditionFailure("a bulkhead's \(fault)") }
    storage.change { $0.set(limit) }
  }

  /// Goes on by another policy, all of it: limit, queue and order.
  ///
  /// What is inside stays inside, and those that wait keep their places: of a queue that is longer than
  /// it may be now nobody is turned away, but nobody joins it until it is shorter. Another order holds
  /// for those that wait as well. As many as have room now go in. A limit that is the same goes on, with
  /// what it has learned; another one that is adaptive begins anew.
  public func update(_ policy: BulkheadPolicy) {
    storage.change { guarded in
      guarded.machine.maxWaiting = policy.maxWaiting
      guarded.machine.order = policy.order
      if guarded.limit != policy.limit { guarded.set(policy.limit) }
    }
  }
}
