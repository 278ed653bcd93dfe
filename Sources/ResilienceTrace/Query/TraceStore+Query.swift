extension TraceStore {
  /// The spans that a query asks for, in the order in which they ended.
  ///
  /// - Complexity: O(n) in the spans kept.
  public func spans(matching query: SpanQuery) -> [SpanRecord] {
    allSpans.filter(query.matches)
  }

  /// The traces with a span that a query asks for, in the order in which the first of them ended.
  ///
  /// - Complexity: O(n) in the spans kept.
  public func traces(matching query: SpanQuery) -> [TraceID] {
    var seen: Set<TraceID> = []
    return spans(matching: query).map(\.ids.traceID).filter { seen.insert($0).inserted }
  }
}
