internal import ResilienceCore

extension ServiceRegistry {
  /// Lists an instance while `body` runs: registers it, sends the heartbeats, and deregisters it on every way
  /// out.
  ///
  /// The heartbeat comes every third of `ttl`, so that two may be missed, and goes on until `body` has
  /// returned, also when the task was cancelled before. An instance whose lease ran out all the same (the
  /// process was stopped for a while) is registered again. One that somebody deregistered, or that was
  /// registered again elsewhere, is left alone.
  ///
  /// - Parameters:
  ///   - instance: The instance.
  ///   - ttl: How long the lease holds without a heartbeat, more than 0. Default: 90 s.
  ///   - initialHealth: What is taken for its health until the first report; see
  ///     ``register(_:ttl:initialHealth:)``.
  ///   - isolation: The caller's actor, on which `body` runs.
  ///   - body: What the instance lives for.
  /// - Throws: `InvalidSetting`, with the field `ttl`, when that is not more than 0: it may come from a
  ///   document. Else what `body` throws.
  public func withLease<Result>(
    _ instance: ServiceInstance, ttl: Duration = defaultTTL, initialHealth: HealthStatus = .unknown,
    isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    if let fault = InvalidSetting.unless(ttl >= .nanoseconds(1), "ttl", ttl, "more than 0s") { throw fault }
    let lease = register(instance, ttl: ttl, initialHealth: initialHealth)
    // Not a child task: the caller's cancellation must not stop the heartbeat before the body has ended.
    let heartbeat = Task.immediate(executorPreference: CallContext.current.executor) {
      await self.keepAlive(lease, ttl: ttl)
    }
    do {
      let result = try await body()
      await end(heartbeat)
      return result
    } catch {
      await end(heartbeat)
      throw error
    }
  }

  private nonisolated(nonsending) func end(_ heartbeat: Task<Lease, Never>) async {
    heartbeat.cancel()
    await heartbeat.value.deregister()
  }

  /// - Returns: The lease to give up in the end: the last one, if it had to be taken anew.
  private nonisolated(nonsending) func keepAlive(_ first: Lease, ttl: Duration) async -> Lease {
    let clock = CallContext.current.clock
    let period = max(1, ttl.clampedNanoseconds / 3)
    var (lease, heldUntil) = (first, first.firstExpiry)
    var now = clock.now
    var next = now.advanced(byNanoseconds: period)
    // At the end of time there is no next heartbeat.
    while now < next, (try? await clock.sleep(until: next)) != nil {
      now = clock.now
      next = now.advanced(byNanoseconds: period)
      switch lease.renew(at: now) {
      case .renewed(let until):
        heldUntil = until
      case .lost where heldUntil <= now:
        lease = register(lease.instance, ttl: ttl, at: now)
        heldUntil = lease.firstExpiry
      case .lost, .superseded:
        return lease
      }
    }
    return lease
  }
}
