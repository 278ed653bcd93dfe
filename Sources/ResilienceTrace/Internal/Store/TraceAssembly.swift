internal import ResilienceCore

/// Puts many spans together: joins what was noted to each, and finds out what can only be seen from several.
enum TraceAssembly {
  /// - Parameter spans: In the order in which they ended; the result is in the same.
  static func complete(_ spans: [SpanRecord], _ notes: [SpanNote], limits: SpanLimits) -> [SpanRecord] {
    let notesOfSpan = Dictionary(grouping: notes, by: \.span.span)
    var lastDelivery: [Delivery: TraceIDs] = [:]
    var complete = spans.map { span in
      let notes = notesOfSpan[span.ids.span] ?? []
      var span = span
      guard span.role == .delivery, span.name.isEmpty, let delivery = Delivery(notes) else {
        return SpanAssembly.complete(span, notes, limits: limits)
      }
      span.name = delivery.group
      let earlier = lastDelivery.updateValue(span.ids, forKey: delivery)
      return SpanAssembly.complete(span, notes, limits: limits, earlierDelivery: earlier)
    }
    nameAttempts(&complete)
    return complete
  }

  /// Gives each attempt the name of its call: the nearest ancestor that has one.
  private static func nameAttempts(_ spans: inout [SpanRecord]) {
    let unnamed = spans.indices.filter { spans[$0].name.isEmpty }
    guard !unnamed.isEmpty else { return }
    let indexOfSpan = Dictionary(spans.indices.map { (spans[$0].ids.span, $0) }) { first, _ in first }
    // A span that was walked over once is not walked over again, so that all walks together are linear; nor
    // is a cycle.
    var walked: Set<Int> = []
    for index in unnamed {
      var path: [Int] = []
      var next: Int? = index
      while let current = next, spans[current].name.isEmpty, walked.insert(current).inserted {
        path.append(current)
        next = indexOfSpan[spans[current].parent]
      }
      guard let next, !spans[next].name.isEmpty else { continue }
      for step in path { spans[step].name = spans[next].name }
    }
  }
}
