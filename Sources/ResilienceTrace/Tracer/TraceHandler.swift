public import ResilienceCore

/// A handler of which every call is a span; see ``ResilienceCore/Handler/trace(_:_:kind:)``.
@frozen
public struct TraceHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `trace`, with the span's name if it is another.
  public var layer: HandlerLayer? { HandlerLayer("trace", name == base.traits.name ? "" : name) }

  @usableFromInline let tracer: CallTracer
  @usableFromInline let name: String
  @usableFromInline let kind: SpanRecord.Kind

  @usableFromInline
  init(base: Base, tracer: CallTracer, name: String, kind: SpanRecord.Kind) {
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
    if _slowPath(tracer.enterSpan(&span)) { return try await handleInScope(input, context, span) }
    do {
      let output = try await base.perform(input, in: span)
      tracer.exitSpan(span, from: context, name, kind, base.judge(value: output, in: context).verdict, nil)
      return output
    } catch {
      tracer.exitSpan(span, from: context, name, kind, base.judge(error, in: context).verdict, error)
      throw error
    }
  }

  /// Out of line: what most spans do without must not cost them anything. With the actor as a parameter:
  /// after a call that stays wherever it is the compiler would have the others return to the caller's actor
  /// twice.
  @inlinable
  @inline(never)
  func handleInScope(
    _ input: Base.Input, _ context: CallContext, _ entered: CallContext,
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> Base.Output {
    var entered = entered
    let scope = tracer.makeScope(&entered, from: context)
    let span = entered
    return try await scope.run(isolation: isolation) {
      do {
        let output = try await base.perform(input, in: span)
        tracer.exitSpan(span, from: context, name, kind, base.judge(value: output, in: context).verdict, nil)
        return output
      } catch {
        tracer.exitSpan(span, from: context, name, kind, base.judge(error, in: context).verdict, error)
        throw error
      }
    }
  }
}

extension Handler {
  /// Makes every call a span: a child of the present one, or the first of a new trace.
  ///
  /// Apply it last: the attempts and decisions of all layers inside it become spans and events below the
  /// call's own.
  ///
  /// - Parameters:
  ///   - tracer: Decides whether it is recorded, and where.
  ///   - name: What is called. Default: the name of the call.
  ///   - kind: How it stands to its caller; `.consumer` for the handler of an event, of which each delivery
  ///     is a span. Default: `.client`, for a call to another service.
  public func trace(_ tracer: CallTracer, _ name: String? = nil, kind: SpanRecord.Kind = .client)
    -> TraceHandler<Self>
  {
    TraceHandler(base: self, tracer: tracer, name: name ?? traits.name, kind: kind)
  }
}
