internal import ResilienceCore

/// What a span binds beside its context: an observer of its own, or a changed trace state. Most spans bind neither.
///
/// It is a task-local, so it lives as long as the last task that inherited it: work that outlives its span is still heard, by
/// the store and by the observer outside.
@usableFromInline
final class SpanScope: Sendable {
  @TaskLocal static var current: SpanScope?

  /// The observer that the scope keeps registered, if it has one.
  let registration: ObserverRegistration?

  /// The trace state inside the scope; `nil` for that outside.
  let state: TraceState?

  /// What its tasks inherited from further out lives on as well.
  private let outer: SpanScope?

  init(registration: ObserverRegistration?, state: TraceState?) {
    self.registration = registration
    self.state = state
    outer = Self.current
  }

  /// Runs `body` within the scope, on the caller's actor.
  @usableFromInline
  func run<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    try await Self.$current.withValue(self) {
      guard let state else { return try await body() }
      var baggage = CallContext.baggage
      TraceBaggage.update(&baggage) { $0.state = state }
      return try await CallContext.withBaggage(baggage, isolation: isolation, body)
    }
  }
}
