internal import ResilienceCore

extension RegistryStore {
  /// Keeps an instance in the store while `body` runs: registers it, sends the heartbeats, and takes it out
  /// on every way out.
  ///
  /// The heartbeat comes every third of the time-to-live. A store that cannot be reached is tried again after
  /// as long, and does not end the body; when the lease has run out meanwhile, the instance is registered
  /// again. One that was registered elsewhere under this id since then is left alone. What an operator said
  /// of the id stays, while there is a record of it.
  ///
  /// On the way out the instance drains before it is taken out, so that whoever follows can tell a farewell
  /// from a death.
  ///
  /// - Parameters:
  ///   - instance: The instance.
  ///   - ttl: How long the lease holds without a heartbeat, more than 0. Default: 90 s, as a
  ///     ``ServiceRegistry``'s.
  ///   - isolation: The caller's actor, on which `body` runs.
  ///   - body: What the instance lives for.
  /// - Throws: `InvalidSetting`, with the field `ttl`, when that is not more than 0; what the store throws at
  ///   the first registration; what `body` throws.
  public func withLease<Result>(
    _ instance: ServiceInstance, ttl: Duration = ServiceRegistry.defaultTTL,
    isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    if let fault = InvalidSetting.unless(ttl >= .nanoseconds(1), "ttl", ttl, "more than 0s") { throw fault }
    let tenancy = StoreTenancy(self, instance, ttl: ttl)
    try await tenancy.register()
    // Not a child task: the caller's cancellation must not stop the heartbeat before the body has ended.
    let heartbeat = Task.immediate(executorPreference: CallContext.current.executor) {
      await tenancy.keepAlive()
    }
    do {
      let result = try await body()
      await end(tenancy, heartbeat)
      return result
    } catch {
      await end(tenancy, heartbeat)
      throw error
    }
  }

  private nonisolated(nonsending) func end(_ tenancy: StoreTenancy<Self>, _ heartbeat: Task<Void, Never>)
    async
  {
    heartbeat.cancel()
    await heartbeat.value
    // Not in the caller's task, which may be cancelled: the store's client would not even try.
    await Task.immediate(executorPreference: CallContext.current.executor) { await tenancy.leave() }.value
  }

  /// Says whether an instance is meant to get calls, as an owner or an operator: a compare-and-set, repeated
  /// until no other writer comes in between.
  ///
  /// - Returns: Whether there is a record of this id.
  @discardableResult
  public func set(_ state: InstanceState, of id: String, service: String) async throws -> Bool {
    while true {
      let listing = try await list(service)
      guard var record = listing.records.first(where: { $0.instance.id.isIdentical(to: id) }) else {
        return false
      }
      record.state = state
      if case .done = try await write(record, if: .revision(record.revision)) { return true }
      try Task.checkCancellation()
    }
  }
}
