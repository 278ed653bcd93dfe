public import ResilienceBulkhead
public import ResilienceCore
public import ResilienceRateLimiter
public import Synchronization

/// The layers of a ``StandardStack`` that its policy may leave out: a rate limit and a bulkhead.
///
/// Made by `.standardStack`. What the policy does not have costs a load.
public struct AdmissionHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  @usableFromInline let choice: Choice

  /// The layers to choose from: one reference, so that a copy of the handler copies none of them.
  @usableFromInline
  final class Choice: Sendable {
    @usableFromInline let stack: StandardStack
    // Made once: what may be repeated inside is looked up when a layer is made.
    @usableFromInline let limited: RateLimitHandler<Base>
    @usableFromInline let held: BulkheadHandler<Base>
    @usableFromInline let limitedAndHeld: RateLimitHandler<BulkheadHandler<Base>>

    init(_ base: Base, _ stack: StandardStack) {
      self.stack = stack
      limited = base.rateLimit(stack.rateLimiter)
      held = base.bulkhead(stack.bulkhead)
      limitedAndHeld = held.rateLimit(stack.rateLimiter)
    }

    @inlinable
    var layers: AdmissionLayers { stack.admission.load(ordering: .acquiring) }
  }

  init(base: Base, stack: StandardStack) {
    self.base = base
    choice = Choice(base, stack)
  }

  /// None of its own: those that the policy has are in ``layers``.
  public var layer: HandlerLayer? { nil }

  /// The layers that the policy has at present, and the base's.
  public var layers: [HandlerLayer] {
    let has = choice.layers
    let limit = has.contains(.rateLimit) ? choice.limited.layer.map { [$0] } ?? [] : []
    let bulkhead = has.contains(.bulkhead) ? choice.held.layer.map { [$0] } ?? [] : []
    return limit + bulkhead + base.layers
  }

  /// Takes a permit and enters the bulkhead, as far as the policy has them, and calls the base.
  ///
  /// - Throws: `RateLimited`, `BulkheadFull`; `CancellationError` when cancelled while waiting for the
  ///   bulkhead; else what the base throws.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    let has = choice.layers
    if has.isEmpty { return try await base.perform(input, in: context) }
    return try await admit(input, context, has)
  }

  @inlinable
  @inline(never)
  func admit(
    _ input: Base.Input, _ context: CallContext, _ layers: AdmissionLayers,
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> Base.Output {
    switch layers {
    case .rateLimit: try await choice.limited.perform(input, in: context)
    case .bulkhead: try await choice.held.perform(input, in: context)
    default: try await choice.limitedAndHeld.perform(input, in: context)
    }
  }
}
