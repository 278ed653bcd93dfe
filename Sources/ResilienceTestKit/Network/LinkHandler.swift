public import ResilienceCore

/// A handler at the other end of a link; see ``ResilienceCore/Handler/link(_:from:to:)``.
public struct LinkHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `link`, and nothing else.
  public var layer: HandlerLayer? { HandlerLayer("link") }

  private let request: NetworkWire
  private let response: NetworkWire

  init(base: Base, request: NetworkWire, response: NetworkWire) {
    self.base = base
    self.request = request
    self.response = response
  }

  /// Carries the input over, calls the base, and carries its value or its error back.
  ///
  /// - Throws: What the base throws; `CancellationError` when the caller gives up.
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    if let delay = request.duplicate(drawing: context.random) {
      deliverCopy(of: input, after: delay, context)
    }
    try await request.carry(context)
    var context = context
    // Time has passed: the layers inside must read the clock again.
    context.forgetNow()
    let result: Result<Base.Output, any Error>
    do {
      result = .success(try await base.perform(input, in: context))
    } catch {
      result = .failure(error)
    }
    try await response.carry(context)
    return try result.get()
  }

  /// Nobody waits for what it comes to.
  private func deliverCopy(of input: Base.Input, after delay: Int64, _ context: CallContext) {
    Task.immediate(executorPreference: context.executor) { [base] in
      try await context.clock.sleep(for: .nanoseconds(delay))
      var context = context
      context.forgetNow()
      _ = try await base.perform(input, in: context)
    }
  }
}

extension Handler {
  /// Puts the handler at the other end of a link.
  ///
  /// - Parameters:
  ///   - network: Knows the links, and may be changed while calls are made.
  ///   - from: The caller's node.
  ///   - to: The node that the handler is on.
  public func link(_ network: SimulatedNetwork, from: String, to: String) -> LinkHandler<Self> {
    LinkHandler(
      base: self, request: network.wire(from: from, to: to), response: network.wire(from: to, to: from))
  }
}
