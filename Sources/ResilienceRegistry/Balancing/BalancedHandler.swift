public import ResilienceCore

/// Sends each call to one of a service's instances, through a handler that belongs to that instance alone.
///
/// Made by ``RegisteredService/balanced(_:_:)``. No ``HandlerDecorator``, since there is not one base but one for each
/// instance; they are taken to agree about what counts, and the answer of one holds for all.
@frozen
public struct BalancedHandler<Inner: Handler>: BuiltInHandler {
  /// What is sent.
  public typealias Input = Inner.Input

  /// What comes back.
  public typealias Output = Inner.Output

  /// Chooses the instance, and knows what is in flight.
  public let balancer: Balancer

  @usableFromInline let handlers: InstanceHandlers<Inner>

  init(balancer: Balancer, _ build: @escaping @Sendable (ServiceInstance) -> Inner) {
    self.balancer = balancer
    handlers = InstanceHandlers(balancer, build)
  }

  /// Calls the handler of a picked instance; when its layers refuse to start the work, that of another one.
  ///
  /// - Throws: ``NoInstanceAvailable`` when the service has no instance at all; what the instance's handler throws.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Inner.Input, context: CallContext) async throws
    -> Inner.Output
  {
    var context = context
    var refused = RefusedInstances()
    var selection = try balancer.select(&context)
    while true {
      do {
        defer { balancer.release(selection) }
        return try await handlers.entry(for: selection).handle(input, context: context)
      } catch {
        selection = try balancer.selectAnother(than: selection, after: error, &refused, &context)
      }
    }
  }

  /// The service's name, and what else the instances' handlers state.
  ///
  /// None of them exists before the first call: state it outside, with `.nonIdempotent()`, to have it from the start.
  public var traits: CallTraits {
    var traits = handlers.representative?.handler.traits ?? CallTraits()
    traits.name = balancer.service
    return traits
  }

  // The instances' handlers are not known yet: they may.
  @inlinable
  package var readsAttempt: Bool { true }

  @inlinable
  package var judgesValues: Bool { true }

  @inlinable
  package var repeatsCalls: Bool { true }

  /// The answer of an instance's handler.
  @inlinable
  public func outcome(ofValue value: Inner.Output) -> Outcome {
    handlers.representative?.outcome(ofValue: value) ?? Outcome(ofValue: value)
  }

  /// The answer of an instance's handler.
  @inlinable
  public func outcome(ofError error: any Error) -> Outcome {
    outcome(ofError: error, ErrorKind(of: error))
  }

  @inlinable
  package func outcome(ofError error: any Error, _ kind: ErrorKind) -> Outcome {
    handlers.representative?.outcome(ofError: error, kind) ?? Outcome(error, kind)
  }
}

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
  /// An instance whose own layers refuse the call (its breaker is open, its bucket is empty) costs nothing: nothing ran, so
  /// the call goes on to another one at once, and fails only when all have refused, with the refusal that ends first.
  ///
  /// A retry around it avoids the instances that the call has been sent to already, while there are others.
  ///
  /// While no instance is listed at all, a call is refused with ``NoInstanceAvailable``, which a retry does not repeat:
  /// nobody knows when there will be one.
  ///
  /// - Parameters:
  ///   - strategy: How to choose. Default: power of two choices.
  ///   - build: Makes the handler of one instance. Runs for each registration when the first call is sent to it;
  ///     when first calls race, more than once, and one of the handlers stays. The handler is dropped by the first
  ///     call after the instance is gone; calls in flight finish.
  public func balanced<Inner: Handler>(
    _ strategy: BalancingStrategy = .powerOfTwoChoices,
    _ build: @escaping @Sendable (_ instance: ServiceInstance) -> Inner
  ) -> BalancedHandler<Inner> {
    BalancedHandler(balancer: balancer(strategy), build)
  }
}
