public import ResilienceCore

extension RegisteredService {
  /// A handler that spreads its calls over the instances, each with layers of its own.
  ///
  /// ```swift
  /// let stock = registry.service("inventory").balanced(.powerOfTwoChoices) { instance in
  ///   ServiceCall("stock") { (sku: String) in try await client.stock(of: sku, at: instance.address) }
  ///     .circuitBreaker(breakers[instance.id])
  /// }
  /// ```
  ///
  /// An instance whose own layers refuse the call (its breaker is open, its bucket is empty) costs nothing:
  /// nothing ran, so the call goes on to another one at once, and fails only when all have refused (or 256 of
  /// them), with the refusal that ends first.
  ///
  /// A retry around it avoids the instances that the call has been sent to already, while there are others.
  ///
  /// While no instance is listed at all, a call is refused with ``NoInstanceAvailable``, which a retry does
  /// not repeat: nobody knows when there will be one.
  ///
  /// - Parameters:
  ///   - strategy: How to choose. Default: power of two choices.
  ///   - build: Makes the handler of one instance. Runs for each registration when the first call is sent to
  ///     it; when first calls race, more than once, and one of the handlers stays. The handler is dropped by
  ///     the first call after the instance is gone; calls in flight finish.
  public func balanced<Inner: Handler>(
    _ strategy: BalancingStrategy = .powerOfTwoChoices,
    _ build: @escaping @Sendable (_ instance: ServiceInstance) -> Inner
  ) -> BalancedHandler<Inner> {
    balanced(BalancingPolicy(strategy), build)
  }

  /// A handler that spreads its calls over the instances, and leaves out those that do badly.
  ///
  /// ```swift
  /// let policy = BalancingPolicy(.peakEWMA, outliers: OutlierPolicy(), slowStart: SlowStartPolicy())
  ///
  /// let stock = registry.service("inventory").balanced(policy) { instance in
  ///   ServiceCall("stock") { (sku: String) in try await client.stock(of: sku, at: instance.address) }
  /// }
  /// ```
  ///
  /// What counts as a failure is what the instances' handlers say, as for every other layer. Else as
  /// ``balanced(_:_:)``.
  ///
  /// - Parameters:
  ///   - policy: How to choose, and whom to leave out.
  ///   - onEvent: Is told of every ejection, return and panic, in order, in the task that decided it. Must be
  ///     quick. Default: nobody.
  ///   - key: What calls that belong to one instance have in common, for
  ///     ``BalancingStrategy/consistentHash``; `nil` for a call that any instance may answer. Default: no
  ///     keys.
  ///   - build: Makes the handler of one instance.
  public func balanced<Inner: Handler>(
    _ policy: BalancingPolicy, onEvent: (@Sendable (BalancerEvent) -> Void)? = nil,
    key: (@Sendable (_ input: Inner.Input) -> String?)? = nil,
    _ build: @escaping @Sendable (_ instance: ServiceInstance) -> Inner
  ) -> BalancedHandler<Inner> {
    let balancer = Balancer(directory: directory, policy: policy, tellsFreed: true, onEvent: onEvent)
    return BalancedHandler(balancer: balancer, key: key, build)
  }

  /// A balancer over the instances, with counts of its own: the face for code that is no
  /// ``ResilienceCore/Handler``.
  ///
  /// Keep it: a balancer made for each call knows nothing.
  ///
  /// - Parameters:
  ///   - policy: How to choose, and whom to leave out.
  ///   - onEvent: Is told of every ejection, return and panic, in order, in the task that decided it. Must be
  ///     quick. Default: nobody.
  public func balancer(
    _ policy: BalancingPolicy, onEvent: (@Sendable (BalancerEvent) -> Void)? = nil
  ) -> Balancer {
    Balancer(directory: directory, policy: policy, onEvent: onEvent)
  }
}
