public import ResilienceCore

/// Sends each call to one of a service's instances, through a handler that belongs to that instance alone.
///
/// Made by ``RegisteredService/balanced(_:_:)``. No ``ResilienceCore/HandlerDecorator``, since there is not
/// one base but one for each instance; they are taken to agree about what counts, and the answer of one holds
/// for all.
@frozen
public struct BalancedHandler<Inner: Handler>: BuiltInHandler {
  /// What is sent.
  public typealias Input = Inner.Input

  /// What comes back.
  public typealias Output = Inner.Output

  /// Chooses the instance, and knows what is in flight.
  public let balancer: Balancer

  @usableFromInline let handlers: InstanceHandlers<Inner>
  @usableFromInline let key: (@Sendable (Inner.Input) -> String?)?

  /// The kind `balanced`, with the service and the strategy. What is around each instance is not shown: it is
  /// made when the instance is first picked.
  public var layers: [HandlerLayer] {
    [HandlerLayer("balanced", named: balancer.service, "\(balancer.policy.strategy)")]
  }

  init(
    balancer: Balancer, key: (@Sendable (Inner.Input) -> String?)?,
    _ build: @escaping @Sendable (ServiceInstance) -> Inner
  ) {
    self.balancer = balancer
    self.key = key
    handlers = InstanceHandlers(balancer, build)
  }

  /// Calls the handler of a picked instance; when its layers refuse to start the work, that of another one.
  ///
  /// - Throws: ``NoInstanceAvailable`` when the service has no instance that takes calls; what the instance's
  ///   handler throws.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Inner.Input, context: CallContext) async throws
    -> Inner.Output
  {
    var context = context
    var refused = RefusedInstances(key: key.map { Balancer.hash(of: $0(input)) } ?? 0)
    var selection = try balancer.select(&context, key: refused.key)
    while true {
      let entry = handlers.entry(for: selection)
      do {
        let output = try await entry.perform(input, in: context)
        if balancer.readsOutcomes {
          balancer.finish(selection, entry.verdict(of: output, in: context), context)
        } else {
          balancer.release(selection)
        }
        return output
      } catch {
        let verdict = balancer.readsOutcomes ? entry.verdict(ofError: error, in: context) : .neutral
        guard entry.provesRefusals else {
          balancer.finish(selection, verdict, context)
          throw error
        }
        selection = try balancer.selectAnother(than: selection, after: error, verdict, &refused, &context)
      }
    }
  }

  /// The service's name, and what else the instances' handlers state.
  ///
  /// None of them exists before the first call: state it outside, with `.nonIdempotent()`, to have it from
  /// the start.
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

  // It goes on to another instance only when nothing was sent to the one before.
  @inlinable
  package var repeatsCalls: Bool { Self.repeatsCallsByType }

  @inlinable
  package static var repeatsCallsByType: Bool { Inner.mayRepeatCallsByType }

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
