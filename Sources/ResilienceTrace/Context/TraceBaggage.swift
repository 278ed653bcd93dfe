internal import ResilienceCore

/// What travels along with a trace and is no business of the layers; bound as ``CallContext/baggage``.
///
/// It stays below 24 bytes, so that binding it as `any Sendable` does not allocate.
public struct TraceBaggage: Sendable, Hashable {
  /// What the tracing systems upstream want to find again.
  public var state: TraceState

  /// Creates baggage.
  public init(state: TraceState = TraceState()) {
    self.state = state
  }

  /// The baggage of the present call; empty when there is none.
  public static var current: TraceBaggage {
    CallContext.baggage as? TraceBaggage ?? TraceBaggage()
  }
}
