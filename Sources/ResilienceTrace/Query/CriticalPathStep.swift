public import ResilienceCore

/// A stretch of time in which nothing but one span decided how long the trace took; see
/// ``TraceStore/criticalPath(of:)``.
public struct CriticalPathStep: Sendable {
  /// The span that was waited for, without a child of its own that was.
  public let span: SpanRecord

  /// When the stretch began.
  public let start: Instant

  /// When it ended.
  public let end: Instant

  /// How long it was.
  public var duration: Duration { start.duration(to: end) }
}

extension CriticalPathStep: CustomStringConvertible {
  /// Service, name and length, such as `bank: charge 0.02 seconds`.
  public var description: String {
    let service = span.service.isEmpty ? "" : "\(SafeText.escaped(span.service)): "
    return "\(service)\(SafeText.escaped(span.name)) \(duration)"
  }
}
