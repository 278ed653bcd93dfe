public import ResilienceCore

/// A handler whose calls are counted and timed; see ``ResilienceCore/Handler/metered(by:)``.
public struct MeteredHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `metered`, with the meter's name.
  public var layer: HandlerLayer? { HandlerLayer("metered", meter.name) }

  @usableFromInline let meter: CallMeter

  @usableFromInline
  init(base: Base, meter: CallMeter) {
    self.base = base
    self.meter = meter
  }

  /// Calls the base, and counts what became of it.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    let begin = meter.begin(context)
    do {
      let output = try await base.perform(input, in: context)
      meter.end(begin, base.judge(value: output, in: context).verdict, context)
      return output
    } catch {
      meter.end(begin, base.judge(error, in: context).verdict, context)
      throw error
    }
  }
}

extension Handler {
  /// Counts calls by what they amounted to, and how long they took.
  ///
  /// Apply it last to measure what callers see; inside a retry it measures attempts. It changes nothing about
  /// the call.
  ///
  /// - Parameter meter: Has the counts; shared by everything that is to be counted together.
  public func metered(by meter: CallMeter) -> MeteredHandler<Self> {
    MeteredHandler(base: self, meter: meter)
  }
}
