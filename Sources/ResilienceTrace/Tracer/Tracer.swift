public import ResilienceCore

/// Makes spans: of the calls it is applied to, and of every attempt and decision below them.
///
/// ```swift
/// let tracer = Tracer("checkout", store: store)
///
/// let charge = ServiceCall("payment") { (order: Order) in try await payments.charge(order) }
///   .retry(RetryPolicy(maxAttempts: 3))
///   .trace(tracer)
/// ```
///
/// A span that is not sampled costs its ids, which are passed on all the same. One that is sampled is written to the store
/// once, when it ends; while it runs there is neither an object nor a lock.
public final class Tracer: Sendable {
  /// The name of the service that the spans belong to; empty when unnamed.
  public let service: String

  /// Which traces are recorded.
  public let sampler: Sampler

  /// Where the spans go.
  public let store: TraceStore

  private let observer: SpanObserver
  private let handle: ObserverHandle

  /// Creates a tracer.
  ///
  /// - Parameters:
  ///   - service: The name of the service, shown with every span. Default: none.
  ///   - sampler: Which traces are recorded. Default: what the caller decided, and all that begin here.
  ///   - store: Where the spans go. Default: a store of its own.
  public init(
    _ service: String = "", sampler: Sampler = .parentBased(), store: TraceStore = TraceStore()
  ) {
    self.service = service
    self.sampler = sampler
    self.store = store
    observer = SpanObserver(service: service, store: store)
    handle = .register(observer)
  }

  deinit {
    handle.unregister()
  }

  /// The counts of the store.
  public func snapshot() -> TraceStoreSnapshot { store.snapshot() }
}

// MARK: - Life of a span

// A running span is nothing but two contexts: the one it was started from, and the one inside it, which holds its ids and,
// as `now`, its start.
extension Tracer {
  /// Makes `context` that of a new span.
  @usableFromInline
  @inline(never)
  func enterSpan(_ context: inout CallContext) {
    let parent = context.trace
    var span = parent
    if !parent.isPresent {
      span = TraceIDs(traceHigh: context.random(), traceLow: context.makeID(), span: 0, flags: 2)
    }
    span.span = context.makeID()
    span.flags = span.flags & 2 | (sampler.samples(span, parent: parent) ? 1 : 0)
    context.enterSpan(span)
    guard span.isSampled else { return }
    _ = context.now
    if context.inherited.observer == .none {
      context.observe(with: handle)
    } else if context.inherited.observer != handle {
      observeBesideOuter(&context)
    }
  }

  /// Writes the span that ``enterSpan(_:)`` made of `call`, if it is sampled.
  @usableFromInline
  @inline(never)
  func exitSpan(
    _ span: CallContext, from call: CallContext, _ name: String, _ kind: SpanKind, _ verdict: Verdict,
    _ error: (any Error)?
  ) {
    guard span.trace.isSampled else { return }
    observer.record(span, from: call, name, kind, verdict, error)
    let bound = span.inherited.observer
    if bound != handle, bound != call.inherited.observer { bound.unregister() }
  }

  @inline(never)
  private func observeBesideOuter(_ context: inout CallContext) {
    let outer = context.inherited.observer.observer
    let outerTrace = outer as? SpanObserver
    if let outerTrace, outerTrace.store === store, outerTrace.service == service { return }
    // Another tracer's attempts are ours from here on; any other observer goes on hearing of them.
    if let other = outerTrace == nil ? outer : outerTrace?.other {
      context.observe(with: .register(SpanObserver(service: service, store: store, other: other)))
    } else {
      context.observe(with: handle)
    }
  }
}
