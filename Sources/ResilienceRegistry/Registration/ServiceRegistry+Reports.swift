internal import ResilienceCore

// MARK: - Health

extension ServiceRegistry {
  /// Notes what a source says of an instance's health, as ``HealthMonitor`` does.
  ///
  /// What several sources say is merged; see ``HealthSource``.
  ///
  /// - Parameters:
  ///   - health: What the source says; ``HealthStatus/unknown`` takes back what it said before.
  ///   - member: The registration.
  ///   - source: Who says so. Default: an unnamed observer.
  ///   - validFor: For how long. An observer that learns of failures from calls must give one: with no calls
  ///     it would never take its word back. Default: until the source says something else.
  /// - Returns: `false` when this registration is not listed any more; a later one of the same id is not
  ///   touched.
  @discardableResult
  public func report(
    _ health: HealthStatus, of member: ServiceMember, from source: HealthSource = .observer(""),
    validFor: Duration? = nil
  ) -> Bool {
    let now = CallContext.current.readClock()
    let end = validFor.map { now.advanced(by: $0) } ?? Deadline.never.instant
    return known(member.instance.service)?
      .report(health, of: member, from: source, until: end, at: now) ?? false
  }
}

// MARK: - States

extension ServiceRegistry {
  /// Takes an instance out of service, lets it drain, or puts it back: an operator's tool.
  ///
  /// It holds for the id, whatever health checks say, and also when the instance registers again; an hour
  /// after the instance has gone it is forgotten. ``InstanceState/inService`` takes back what an operator
  /// said, and does not undo an owner's ``Lease/drain()``.
  ///
  /// - Returns: Whether an instance of this id is listed.
  @discardableResult
  public func set(_ state: InstanceState, of id: String, service: String) -> Bool {
    known(service)?.override(state, of: id, at: CallContext.current.readClock()) ?? false
  }

  /// Lets the listed registration of an id drain until it goes: the owner's tool, where it does not hold the
  /// ``Lease``.
  ///
  /// ```swift
  /// try await registry.withLease(here) {
  ///   try await server.run {                       // at the signal to stop
  ///     registry.drain(here.id, of: here.service)
  ///   }
  /// }
  /// ```
  ///
  /// - Returns: Whether it is listed.
  @discardableResult
  public func drain(_ id: String, of service: String) -> Bool {
    known(service)?.drain(id, epoch: nil, at: CallContext.current.readClock()) ?? false
  }
}
