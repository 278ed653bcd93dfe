public import ResilienceCore

/// The right to be listed, for as long as it is renewed.
///
/// A process that dies without a word stops its heartbeat, and is gone from the registry one time-to-live
/// later. A lease belongs to one registration: once the same id is registered again, the old lease can do
/// nothing.
///
/// ``ServiceRegistry/withLease(_:ttl:initialHealth:isolation:_:)`` does the heartbeat for you.
public struct Lease: Sendable {
  /// What a heartbeat achieved.
  public enum Renewal: Sendable, Hashable {
    /// The lease now holds until this instant.
    case renewed(until: Instant)

    /// The instance is not listed any more: the lease ran out, or somebody deregistered it. Register it again
    /// to return.
    case lost

    /// The same id was registered again, and the instance is listed under that registration.
    case superseded
  }

  /// The instance that is listed.
  public let instance: ServiceInstance

  /// The number of the registration; see ``ServiceMember/epoch``.
  public let epoch: UInt64

  /// When the lease ends if it is never renewed.
  public let firstExpiry: Instant

  let directory: ServiceDirectory

  /// Extends the lease to one time-to-live from now: the heartbeat.
  @discardableResult
  public func renew() -> Renewal {
    renew(at: CallContext.current.readClock())
  }

  /// Extends the lease to one time-to-live from `now`. At its last instant it is too late.
  @discardableResult
  public func renew(at now: Instant) -> Renewal {
    directory.renew(instance.id, epoch: epoch, at: now)
  }

  /// Lets the instance drain: it gets no new calls, and finishes those it has. That is for good, for this
  /// registration.
  ///
  /// - Returns: `false` when it is not listed under this lease any more.
  @discardableResult
  public func drain() -> Bool {
    drain(at: CallContext.current.readClock())
  }

  /// Lets the instance drain at `now`; see ``drain()``.
  @discardableResult
  public func drain(at now: Instant) -> Bool {
    directory.drain(instance.id, epoch: epoch, at: now)
  }

  /// Ends the lease and takes the instance out.
  ///
  /// - Returns: `false` when it was not listed under this lease any more.
  @discardableResult
  public func deregister() -> Bool {
    deregister(at: CallContext.current.readClock())
  }

  /// Ends the lease at `now`; see ``deregister()``.
  @discardableResult
  public func deregister(at now: Instant) -> Bool {
    directory.deregister(instance.id, epoch: epoch, at: now)
  }
}
