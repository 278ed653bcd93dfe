public import ResilienceCore

/// A picked instance: one call in flight, until it is released or goes out of scope.
///
/// ```swift
/// guard let pick = balancer.pick(at: clock.now) else { return .unavailable }
/// let answer = send(request, to: pick.instance.address)
/// pick.finish(answer.isOK ? .success : .failure, at: clock.now)
/// ```
///
/// It is the registration that was picked, whatever is registered under its id later.
@frozen
public struct InstancePick: ~Copyable, Sendable {
  @usableFromInline let balancer: Balancer
  @usableFromInline let selection: Selection

  @inlinable
  init(balancer: Balancer, selection: Selection) {
    self.balancer = balancer
    self.selection = selection
  }

  @inlinable
  deinit {
    balancer.release(selection)
  }

  /// The instance to call.
  public var instance: ServiceInstance { balancer.instance(of: selection) }

  /// Ends the call, earlier than the scope does, and says nothing about the instance.
  @inlinable
  public consuming func release() {}

  /// Ends the call, and says what became of it, for strategies that measure and for outlier detection.
  ///
  /// - Parameters:
  ///   - outcome: What became of it; a neutral one says nothing about the instance.
  ///   - now: The present instant.
  @inlinable
  public consuming func finish(_ outcome: Outcome, at now: Instant) {
    balancer.record(outcome.verdictOnDestination, of: selection, at: now, releases: false)
  }
}
