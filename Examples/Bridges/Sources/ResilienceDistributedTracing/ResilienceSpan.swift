public import Instrumentation
internal import ResilienceCore
internal import ResilienceTrace
internal import Synchronization
public import Tracing

/// A span of swift-distributed-tracing that is one of the toolkit's.
///
/// Its attributes and its name are those that it has when it ends. What it counts as is what an error that
/// was recorded amounts to: a cancellation by the caller and a refusal by one of the toolkit's layers are
/// neutral. An event's time is when it was added.
public final class ResilienceSpan: Span {
  private struct State {
    var name: String
    var attributes = SpanAttributes()
    var status: SpanStatus?
    var error: (any Error)?
    var isEnded = false
  }

  /// The context with the span in it.
  public let context: InstrumentationContext

  private let span: OpenSpan
  private let call: CallContext
  private let state: Mutex<State>

  init(_ span: OpenSpan, _ name: String, _ context: InstrumentationContext, _ call: CallContext) {
    self.span = span
    self.context = context
    self.call = call
    state = Mutex(State(name: name))
  }

  /// What the span stands for.
  public var operationName: String {
    get { state.withLock { $0.name } }
    set { state.withLock { $0.name = newValue } }
  }

  /// What is known of the span.
  public var attributes: SpanAttributes {
    get { state.withLock { $0.attributes } }
    set { state.withLock { $0.attributes = newValue } }
  }

  /// Whether the trace is sampled and the span has not ended.
  public var isRecording: Bool { span.context.trace.isSampled && state.withLock { !$0.isEnded } }

  /// Says whether it was a success; the last one holds.
  public func setStatus(_ status: SpanStatus) {
    state.withLock { $0.status = status }
  }

  /// Adds an event, at the present time.
  public func addEvent(_ event: SpanEvent) {
    emit(NamedEvent(name: event.name, attributes: event.attributes.eventAttributes))
  }

  /// Adds an event `exception`, as OpenTelemetry names it, and has the span count as what the error amounts
  /// to.
  public func recordError<Instant: TracerInstant>(
    _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
  ) {
    state.withLock { $0.error = error }
    let facts = [
      EventAttribute("exception.type", .string("\(type(of: error))")),
      EventAttribute("exception.message", .string("\(error)")),
    ]
    emit(NamedEvent(name: "exception", attributes: facts + attributes.eventAttributes))
  }

  /// Links a span of the toolkit's; another tracer's is left out.
  public func addLink(_ link: SpanLink) {
    guard let trace = link.context.span?.trace else { return }
    emit(SpanAnnotation.link(SpanRecord.Link(to: trace, attributes: link.attributes.eventAttributes)))
  }

  /// Ends the span, at the present time; a second time does nothing.
  public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
    let last = state.withLock { state -> State? in
      defer { state.isEnded = true }
      return state.isEnded ? nil : state
    }
    guard let last else { return }
    for attribute in last.attributes.eventAttributes { span.context.emit(SpanAnnotation.fact(attribute)) }
    let verdict = last.error.map { Outcome(ofError: $0, in: call).verdict }
    switch last.status?.code {
    case .ok: span.context.emit(SpanAnnotation.status(.ok))
    case .error where verdict != .neutral:
      let message = last.status?.message ?? last.error.map { "\($0)" } ?? ""
      span.context.emit(SpanAnnotation.status(.error(message)))
    default: break
    }
    let otherwise: Verdict = last.status?.code == .error ? .failure : .success
    span.end(last.name, verdict ?? otherwise, error: last.error)
  }

  private func emit(_ event: some ResilienceEvent) {
    if isRecording { span.context.emit(event) }
  }
}
