public import ResilienceCore

/// What travels along with a trace and is no business of the layers; bound as
/// ``ResilienceCore/CallContext/baggage``, alone or combined with the application's own.
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

// MARK: - Trace state alone

// It is bound as its text, since nearly every trace that has a state has nothing else.
extension TraceBaggage: TextBaggage {
  @usableFromInline
  package init(text: String) {
    self.init(state: TraceState(valid: text))
  }

  /// The present call's `tracestate`; empty for none.
  static var stateHeader: String {
    CallContext.baggageText(of: TraceBaggage.self) ?? current.state.header
  }

  /// Puts this `tracestate` in the place of another; none if it is not valid.
  @usableFromInline
  static func setState(_ tracestate: String, in baggage: inout (any Sendable)?) {
    let state = TraceState(tracestate) ?? TraceState()
    update(&baggage) { $0.state = state }
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
