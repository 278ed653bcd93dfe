import Resilience

/// The spans of a trace that have come so far, of all processes.
struct CollectedTrace: Sendable {
  let id: TraceID
  /// In the order in which they came; each id once.
  private(set) var spans: [CollectedSpan] = []
  /// About how many bytes they take.
  private(set) var cost = 0
  /// Since 1970.
  private(set) var start = UInt64.max
  private(set) var end: UInt64 = 0
  /// How many of them failed.
  private(set) var failures = 0
  /// How long the longest span took.
  private(set) var longest: UInt64 = 0
  private var ids: Set<UInt64> = []

  init(id: TraceID) { self.id = id }

  /// From the first start to the last end.
  var nanoseconds: UInt64 { end > start ? end - start : 0 }

  func contains(_ span: UInt64) -> Bool { ids.contains(span) }

  mutating func add(_ span: CollectedSpan) {
    ids.insert(span.id)
    spans.append(span)
    cost += span.cost
    start = min(start, span.start)
    end = max(end, span.end)
    failures += span.error == nil ? 0 : 1
    longest = max(longest, span.nanoseconds)
  }

  /// The first span: one without a parent here, of several the one that began first.
  var root: CollectedSpan? {
    spans.filter { !ids.contains($0.parent) }.min { $0.start < $1.start } ?? spans.min { $0.start < $1.start }
  }
}
