/// A picked instance: one call in flight, until it is released or goes out of scope.
///
/// ```swift
/// guard let pick = balancer.pick(at: clock.now) else { return .unavailable }
/// send(request, to: pick.instance.address)
/// pick.release()
/// ```
public struct InstancePick: ~Copyable, Sendable {
  /// The instance to call.
  public let instance: ServiceInstance

  private let balancer: Balancer
  private let selection: Selection

  init(balancer: Balancer, selection: Selection) {
    instance = balancer.instance(of: selection)
    self.balancer = balancer
    self.selection = selection
  }

  deinit {
    balancer.release(selection)
  }

  /// Ends the call, earlier than the scope does.
  public consuming func release() {}
}
