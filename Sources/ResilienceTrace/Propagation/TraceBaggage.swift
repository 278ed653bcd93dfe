internal import ResilienceCore

/// What travels along with a trace and is no business of the layers; bound as ``CallContext/baggage``, alone
/// or combined with the application's own.
///
/// It takes 24 bytes, so that binding it as `any Sendable` does not allocate.
public struct TraceBaggage: Sendable, Hashable {
  /// What the tracing systems upstream want to find again.
  public var state: TraceState

  /// What the services upstream tell those downstream.
  public var entries: W3CBaggage

  /// Creates baggage.
  public init(state: TraceState = TraceState(), entries: W3CBaggage = W3CBaggage()) {
    self.state = state
    self.entries = entries
  }

  /// Whether nothing travels along.
  public var isEmpty: Bool { state.isEmpty && entries.isEmpty }

  /// The baggage of the present call; empty when there is none.
  public static var current: TraceBaggage {
    CallContext.baggage(of: TraceBaggage.self) ?? TraceBaggage()
  }
}

extension TraceBaggage {
  /// Changes the trace baggage within `baggage`; what is of other kinds, and what is not changed, stays as it
  /// is.
  @usableFromInline
  static func update(_ baggage: inout (any Sendable)?, _ change: (inout TraceBaggage) -> Void) {
    let before = CombinedBaggage.value(of: TraceBaggage.self, in: baggage)
    var after = before ?? TraceBaggage()
    change(&after)
    guard after != before ?? TraceBaggage() else { return }
    baggage = CombinedBaggage.setting(after, in: baggage)
  }
}
