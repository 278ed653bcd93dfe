internal import ResilienceCore

/// What a span binds beside its context: an observer of its own, or a changed trace state. Most spans bind
/// neither.
@usableFromInline
struct SpanScope: Sendable {
  /// What keeps the observer registered, if the scope has one, for as long as there is work that inherited
  /// it.
  let registration: ObserverRegistration?

  /// The trace state inside the scope; `nil` for that outside.
  let state: TraceState?

  /// Runs `body` within the scope, on the caller's actor.
  @usableFromInline
  func run<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    guard let registration else { return try await runInState(isolation: isolation, body) }
    return try await CallContext.keeping(registration, isolation: isolation) {
      try await runInState(isolation: isolation, body)
    }
  }

  private func runInState<Result>(
    isolation: isolated (any Actor)?, _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    guard let state else { return try await body() }
    var baggage = CallContext.baggage
    TraceBaggage.update(&baggage) { $0.state = state }
    return try await CallContext.withBaggage(baggage, isolation: isolation, body)
  }
}
