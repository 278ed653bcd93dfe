/// A picked instance: one call in flight, until it is released or goes out of scope.
///
/// ```swift
/// guard let pick = balancer.pick(at: clock.now) else { return .unavailable }
/// send(request, to: pick.instance.address)
/// pick.release()
/// ```
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

  /// Ends the call, earlier than the scope does.
  @inlinable
  public consuming func release() {}
}
