public import ResilienceCore

/// A span that ends by hand, where its end is not that of a closure: for a bridge to another tracing API.
///
/// Made by ``CallTracer/startSpan(kind:from:at:)``. One that is never ended is not recorded. What is to be
/// known of it is said in its ``context``, with ``SpanAnnotation``.
public final class OpenSpan: Sendable {
  /// The context inside the span: bind it around the work, with
  /// ``ResilienceCore/CallContext/withCurrent(_:isolation:_:)``, so that calls are children of the span.
  public let context: CallContext

  /// How it stands to its caller.
  public let kind: SpanRecord.Kind

  private let call: CallContext
  private let tracer: CallTracer
  // Keeps an observer registered that hears beside another one.
  private let scope: SpanScope?

  init(
    _ context: CallContext, from call: CallContext, _ kind: SpanRecord.Kind, _ tracer: CallTracer,
    _ scope: SpanScope?
  ) {
    self.context = context
    self.kind = kind
    self.call = call
    self.tracer = tracer
    self.scope = scope
  }

  /// Ends the span. End it once: each time is a record.
  ///
  /// - Parameters:
  ///   - name: What it stands for; known only now where it may be changed while the span runs.
  ///   - verdict: How it counts. Default: a success.
  ///   - error: What was thrown. Default: nothing.
  public func end(_ name: String, _ verdict: Verdict = .success, error: (any Error)? = nil) {
    tracer.exitSpan(context, from: call, name, kind, verdict, error)
  }
}

extension CallTracer {
  /// Begins a span that is ended by hand. Where a closure will do, use ``span(_:kind:isolation:_:)``.
  ///
  /// - Parameters:
  ///   - kind: How it stands to its caller. Default: `.internal`.
  ///   - call: Its parent's context. Default: the present one.
  ///   - start: When it began. Default: now.
  public func startSpan(
    kind: SpanRecord.Kind = .internal, from call: CallContext = .current, at start: Instant? = nil
  ) -> OpenSpan {
    var span = call
    span.forgetNow()
    let scope = enterSpan(&span) ? makeScope(&span, from: call) : nil
    if let start { span.knownNow = KnownInstant(start) }
    return OpenSpan(span, from: call, kind, self, scope)
  }
}
