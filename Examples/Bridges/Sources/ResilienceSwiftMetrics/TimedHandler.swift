public import ResilienceCore

/// A handler whose calls are timed; see ``ResilienceCore/Handler/timed(by:)``.
public struct TimedHandler<Base: Handler>: HandlerDecorator {
  /// The wrapped handler.
  public let base: Base

  /// The kind `timed`.
  public var layer: HandlerLayer? { HandlerLayer("timed") }

  let timer: CallTimer

  /// Calls the base, and records how long it took.
  ///
  /// - Throws: What the base throws.
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    let begin = context.readClock()
    do {
      let output = try await base.handle(input, context: context)
      timer.record(from: begin, to: context.readClock(), base.judge(value: output, in: context).verdict)
      return output
    } catch {
      timer.record(from: begin, to: context.readClock(), base.judge(error, in: context).verdict)
      throw error
    }
  }
}

extension Handler {
  /// Records how long each call took, by what it amounted to, with swift-metrics.
  ///
  /// Outside a retry it measures what the caller sees, inside it each attempt.
  ///
  /// - Parameter timer: Where it is recorded; shared by all that is to be counted together.
  public func timed(by timer: CallTimer) -> TimedHandler<Self> { TimedHandler(base: self, timer: timer) }
}
