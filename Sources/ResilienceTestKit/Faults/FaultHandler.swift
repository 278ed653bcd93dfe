public import ResilienceCore

/// A handler whose calls a ``FaultInjector`` may break; see ``ResilienceCore/Handler/faults(_:)``.
@frozen
public struct FaultHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `faults`, with the injector's name.
  public var layer: HandlerLayer? { HandlerLayer("faults", injector.name) }

  /// Decides which calls are hit, and by what.
  public let injector: FaultInjector<Base.Output>

  @usableFromInline
  init(base: Base, injector: FaultInjector<Base.Output>) {
    self.base = base
    self.injector = injector
  }

  /// Whether a fault is a behaviour, which is given the context; else the base's answer.
  @usableFromInline
  package var readsAttempt: Bool { injector.givesContext || base.mayReadAttempt }

  /// Calls the base, with whatever hits the call while the injector is on.
  ///
  /// - Throws: What the base throws, and what the faults throw.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    guard injector.isOn else { return try await base.perform(input, in: context) }
    return try await injector.inject(into: base, input, context)
  }
}

extension Handler {
  /// Lets `injector` break calls while it is switched on.
  ///
  /// Apply it directly to the call, inside the layers that are to be tested: what it does then looks like the
  /// destination's doing.
  ///
  /// - Parameter injector: One injector may sit around several calls with the same output.
  public func faults(_ injector: FaultInjector<Output>) -> FaultHandler<Self> {
    FaultHandler(base: self, injector: injector)
  }
}
