public import ResilienceCore

extension TraceIDs {
  /// Ids for the first span of a new trace, marked as random and not as sampled.
  ///
  /// For whoever begins a trace without a ``ResilienceTrace/CallTracer``, which makes its own.
  ///
  /// - Parameter context: Where chance comes from: a simulation's seed, else a source that each process has
  ///   of its own.
  @inlinable
  public static func random(in context: CallContext = .current) -> TraceIDs {
    if context.flags.contains(.environment) { return simulated(context) }
    return TraceIDSource.shared.root()
  }

  @usableFromInline
  @inline(never)
  static func simulated(_ context: CallContext) -> TraceIDs {
    TraceIDs(
      traceHigh: context.random(), traceLow: context.makeID(), span: context.makeID(), flags: randomFlag)
  }
}
