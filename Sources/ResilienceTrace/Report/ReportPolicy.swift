/// How spans are gathered and sent on. The defaults are those of OpenTelemetry's batch processor.
public struct ReportPolicy: Sendable, Hashable {
  /// The most spans and notes (events, attributes, links) that wait to be sent. What comes when it is full is
  /// dropped and counted. Default: 8192, four times OpenTelemetry's 2048 spans, since the notes wait here
  /// too.
  public var maxQueued: Int

  /// The most spans that are sent together. Default: 512.
  public var maxBatch: Int

  /// How long a span waits for others at the most; what fills a batch is sent at once. Default: 5 s.
  public var interval: Duration

  /// How much of a span is sent. Default: OpenTelemetry's limits.
  public var limits: SpanLimits

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - maxQueued: At least 1.
  ///   - maxBatch: At least 1.
  ///   - interval: More than 0.
  ///   - limits: How much of a span is sent.
  public init(
    maxQueued: Int = 8192, maxBatch: Int = 512, interval: Duration = .seconds(5),
    limits: SpanLimits = SpanLimits()
  ) {
    precondition(maxQueued >= 1, "maxQueued must be at least 1, was \(maxQueued)")
    precondition(maxBatch >= 1, "maxBatch must be at least 1 span, was \(maxBatch)")
    precondition(interval > .zero, "the interval of a report must be more than 0, was \(interval)")
    self.maxQueued = maxQueued
    self.maxBatch = maxBatch
    self.interval = interval
    self.limits = limits
  }
}
