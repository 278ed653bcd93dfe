public import ResilienceCore

/// Spans that are exported together.
public struct SpanBatch: Sendable {
  /// The spans, complete, in the order in which they ended; never empty.
  public var spans: [SpanRecord]

  /// The wall-clock time of the clock's zero, as it was when the batch was made.
  ///
  /// Spans are measured by the monotonic clock. A corrected wall clock moves whole batches and stretches no
  /// span.
  public var epoch: UnixTime

  /// Creates a batch.
  public init(spans: [SpanRecord], epoch: UnixTime) {
    self.spans = spans
    self.epoch = epoch
  }

  /// The wall-clock time of an instant.
  public func unixTime(of instant: Instant) -> UnixTime {
    UnixTime(nanoseconds: epoch.nanoseconds.addingSaturating(instant.nanoseconds))
  }
}
