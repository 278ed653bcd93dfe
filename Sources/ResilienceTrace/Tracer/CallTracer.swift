public import ResilienceCore

/// Makes spans: of the calls it is applied to, and of every attempt and decision below them.
///
/// ```swift
/// let tracer = CallTracer("checkout", store: store)
///
/// let charge = ServiceCall("payment") { (order: Order) in try await payments.charge(order) }
///   .retry(RetryPolicy(maxAttempts: 3))
///   .trace(tracer)
/// ```
///
/// A span that is not sampled costs its ids, which are passed on all the same. One that is sampled is written
/// to the store once, when it ends; while it runs there is neither an object nor a lock.
///
/// Make one for each service, and keep it. Work that outlives its span is recorded for as long as the store
/// lives. (`Tracer` is a name of swift-distributed-tracing.)
public final class CallTracer: Sendable {
  /// The name of the service that the spans belong to; empty when unnamed.
  public let service: String

  /// Which traces are recorded.
  public let sampler: Sampler

  /// Where the spans go.
  public let store: TraceStore

  /// What sends the spans on; `nil` for nothing.
  public let reporter: SpanReporter?

  private let observer: SpanObserver
  private let handle: ObserverHandle
  private let ids = TraceIDSource.shared

  /// Creates a tracer.
  ///
  /// - Parameters:
  ///   - service: The name of the service, shown with every span. Default: none.
  ///   - sampler: Which traces are recorded. Default: what the caller decided, and all that begin here.
  ///   - store: Where the spans go. Default: a store of its own.
  ///   - reporter: What sends the spans on, beside the store; one that keeps nothing
  ///     (`TraceStore(capacity: 0)`) makes it the only place. Default: nothing.
  public init(
    _ service: String = "", sampler: Sampler = .parentBased(), store: TraceStore = TraceStore(),
    reporter: SpanReporter? = nil
  ) {
    self.service = service
    self.sampler = sampler
    self.store = store
    self.reporter = reporter
    (observer, handle) = store.observer(service: service, sampler: sampler, reporter: reporter)
  }

  /// The counts of the store.
  public func snapshot() -> TraceStoreSnapshot { store.snapshot() }

  /// Runs `body` with this tracer hearing of all attempts and decisions below, without a span of its own.
  ///
  /// For what runs others' work, as a bus does: each delivery becomes a span of the trace in which its event
  /// was published.
  ///
  /// ```swift
  /// try await tracer.observing { try await bus.run() }
  /// ```
  ///
  /// - Throws: What `body` throws.
  @inlinable
  public func observing<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    var context = CallContext.current
    guard let scope = observe(&context) else {
      return try await CallContext.withCurrent(context, isolation: isolation, body)
    }
    let observed = context
    return try await scope.run(isolation: isolation) {
      try await CallContext.withCurrent(observed, isolation: isolation, body)
    }
  }
}

// MARK: - Life of a span

// A running span is nothing but two contexts: the one it was started from, and the one inside it, which holds
// its ids and, as `now`, its start.
extension CallTracer {
  /// Makes `context` that of a new span.
  ///
  /// - Returns: Whether it needs what ``makeScope(_:from:)`` makes.
  @usableFromInline
  @inline(never)
  func enterSpan(_ context: inout CallContext) -> Bool {
    let parent = context.trace
    var span = parent
    if parent.isPresent {
      span.span = ids.span(context)
    } else {
      span = context.flags.contains(.environment) ? .simulated(context) : ids.root()
    }
    span.flags &= TraceIDs.randomFlag | TraceIDs.debugFlag
    if sampler.needsContext {
      let (isSampled, state) = sampler.decide(span, parent: parent, &context)
      span.flags |= isSampled ? TraceIDs.sampledFlag : 0
      context.enterSpan(span)
      if state != nil { return true }
    } else {
      span.flags |= sampler.samplesPlainly(span, parent: parent) ? TraceIDs.sampledFlag : 0
      context.enterSpan(span)
    }
    guard span.isSampled else { return false }
    _ = context.now
    if context.inherited.observer == handle { return false }
    if context.inherited.observer == .none {
      context.observe(with: handle)
      return false
    }
    return isBesideOuter(&context)
  }

  /// What a span for which ``enterSpan(_:)`` has said so binds beside its context.
  @usableFromInline
  @inline(never)
  func makeScope(_ span: inout CallContext, from call: CallContext) -> SpanScope {
    let state = sampler.state(for: span.trace, parent: call.trace)
    let registration = span.trace.isSampled ? observe(&span)?.registration : nil
    return SpanScope(registration: registration, state: state)
  }

  /// Writes the span that ``enterSpan(_:)`` made of `call`, if it is sampled.
  @usableFromInline
  @inline(never)
  func exitSpan(
    _ span: CallContext, from call: CallContext, _ name: String, _ kind: SpanRecord.Kind,
    _ verdict: Verdict, _ error: (any Error)?
  ) {
    guard span.trace.isSampled else { return }
    let role: SpanRecord.Role = kind == .consumer ? .delivery : .call
    observer.record(span, from: call, name, kind, role, verdict, error)
  }

  /// Lets `context` be heard by this tracer and by an observer of another kind that hears it now.
  ///
  /// - Returns: What must stay alive for it; `nil` when the store sees to that.
  @usableFromInline
  @inline(never)
  func observe(_ context: inout CallContext) -> SpanScope? {
    guard let other = otherObserver(context) else {
      if !isHeard(context) { context.observe(with: handle) }
      return nil
    }
    let registration = ObserverRegistration(observer.beside(other))
    context.observe(with: registration.handle)
    return SpanScope(registration: registration, state: nil)
  }

  @inline(never)
  private func isBesideOuter(_ context: inout CallContext) -> Bool {
    if isHeard(context) { return false }
    if otherObserver(context) != nil { return true }
    context.observe(with: handle)
    return false
  }

  /// Whether what hears `context` writes where this tracer does.
  private func isHeard(_ context: CallContext) -> Bool {
    if context.inherited.observer == handle { return true }
    return context.inherited.observer.observer?.combined.contains { outer in
      guard let outer = outer as? SpanObserver else { return false }
      return outer.spans === observer.spans && outer.service == service && outer.reporter === reporter
    } ?? false
  }

  /// The observers of other kinds that are to go on hearing. Another tracer's attempts are ours from here on.
  private func otherObserver(_ context: CallContext) -> (any CallObserver)? {
    if isHeard(context) { return nil }
    let outer = context.inherited.observer.observer?.combined ?? []
    return CombinedObserver.of(outer.compactMap { ($0 as? SpanObserver)?.other ?? otherKind($0) })
  }

  private func otherKind(_ observer: any CallObserver) -> (any CallObserver)? {
    observer is SpanObserver ? nil : observer
  }
}
