internal import ResilienceCore

/// What a ``TraceStore`` keeps. Observers hold this and not the store, which keeps them registered.
final class SpanStorage: Sendable {
  struct Contents: Sendable {
    var spans: BoundedRing<SpanRecord>
    var notes: BoundedRing<SpanNote>
  }

  private let contents: Lock<Contents>
  private let keepsNothing: Bool

  init(capacity: Int) {
    keepsNothing = capacity == 0
    contents = Lock(Contents(spans: BoundedRing(capacity: capacity), notes: BoundedRing(capacity: capacity)))
  }

  /// Puts the record together in its place: a copy would cost as much as the rest.
  @inline(__always)
  func append(_ span: @autoclosure () -> SpanRecord) {
    if keepsNothing { return }
    // What made room is released outside the lock: events are users' values.
    _ = contents.withLock { $0.spans.append(span()) }
  }

  func append(_ note: SpanNote) {
    if keepsNothing { return }
    _ = contents.withLock { $0.notes.append(note) }
  }

  var copy: Contents { contents.withLock { $0 } }

  /// Both, oldest first.
  var all: (spans: [SpanRecord], notes: [SpanNote]) {
    let copy = copy
    return (copy.spans.ordered, copy.notes.ordered)
  }
}
