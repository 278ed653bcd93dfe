import Resilience

/// The trace of one order, as text.
enum Waterfall {
  /// An order that met trouble and came through: of all with a failed attempt, the one with the shortest
  /// story.
  static func ofTroubledOrder(_ platform: Platform) -> String {
    let troubled = platform.store.traces.compactMap { trace -> (trace: TraceID, spans: Int)? in
      let spans = platform.store.spans(inTrace: trace)
      return spans.contains { $0.verdict == .failure } ? (trace, spans.count) : nil
    }
    guard let shortest = troubled.min(by: { $0.spans < $1.spans }) else { return "" }
    return platform.store.waterfall(of: shortest.trace)
  }
}
