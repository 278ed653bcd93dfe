public import ResilienceCore

/// A handler of which every call is a span; see ``Handler/trace(_:_:kind:)``.
@frozen
public struct TraceHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  @usableFromInline let tracer: Tracer
  @usableFromInline let name: String
  @usableFromInline let kind: SpanKind

  @usableFromInline
  init(base: Base, tracer: Tracer, name: String, kind: SpanKind) {
    self.base = base
    self.tracer = tracer
    self.name = name
    self.kind = kind
  }

  // A span notes the number of the attempt.
  @inlinable
  package var readsAttempt: Bool { true }

  /// Calls the base in a span of its own.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    var span = context
    tracer.enterSpan(&span)
    do {
      let output = try await base.perform(input, in: span)
      tracer.exitSpan(span, from: context, name, kind, base.outcome(ofValue: output).verdict, nil)
      return output
    } catch {
      tracer.exitSpan(span, from: context, name, kind, base.judge(error, in: context).verdict, error)
      throw error
    }
  }
}

extension Handler {
  /// Makes every call a span: a child of the present one, or the first of a new trace.
  ///
  /// Apply it last: the attempts and decisions of all layers inside it become spans and events below the call's own.
  ///
  /// - Parameters:
  ///   - tracer: Decides whether it is recorded, and where.
  ///   - name: What is called. Default: the name of the call.
  ///   - kind: Call or delivery. Default: call.
  public func trace(_ tracer: Tracer, _ name: String? = nil, kind: SpanKind = .call) -> TraceHandler<Self> {
    TraceHandler(base: self, tracer: tracer, name: name ?? traits.name, kind: kind)
  }
}
