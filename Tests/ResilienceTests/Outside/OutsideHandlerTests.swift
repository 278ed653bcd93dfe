import Resilience
import ResilienceTestKit
import Testing

/// A leaf and a decorator written outside the package behave right under every layer: a failing value is
/// retried, what they call sees deadline, trace and observer of the stack, and attempts are numbered and
/// belong to one call.
@Suite struct OutsideHandlerTests {
  private static let deadline = Deadline(at: Instant(nanoseconds: 60_000_000_000))

  /// What is directly inside the layer.
  enum Inside: CaseIterable, Sendable {
    case structLeaf, actorLeaf, decoratedLeaf, decoratedClosure, twiceDecoratedLeaf
  }

  /// A decorator outside the layer, or none.
  enum Outside: CaseIterable, Sendable { case nothing, decorator }

  private func stack(
    _ layer: OutsideLayer, _ inside: Inside, _ form: FailureForm, _ sightings: Sightings, _ traces: TraceStore
  ) -> AnyHandler<Int, Reply> {
    let leaf = StructLeaf(sightings: sightings, form: form)
    switch inside {
    case .structLeaf: return layer.around(leaf, traces: traces)
    case .actorLeaf: return layer.around(ActorLeaf(sightings: sightings, form: form), traces: traces)
    case .decoratedLeaf: return layer.around(Noted(base: leaf, sightings: sightings), traces: traces)
    case .decoratedClosure:
      let closure = ServiceCall { (input: Int, context: CallContext) in
        try await leaf.handle(input, context: context)
      }
      return layer.around(Noted(base: closure, sightings: sightings), traces: traces)
    case .twiceDecoratedLeaf:
      return layer.around(
        Noted(base: Noted(base: leaf, sightings: sightings), sightings: sightings), traces: traces)
    }
  }

  @Test(arguments: OutsideLayer.allCases, Inside.allCases)
  func theyBehaveRightUnderEveryLayer(layer: OutsideLayer, inside: Inside) throws {
    for form in FailureForm.allCases {
      for outside in Outside.allCases {
        let (sightings, tracer) = (Sightings(), CallTracer("shop"))
        let reply = try Simulation(seed: 1).run { sim in
          let inner = stack(layer, inside, form, sightings, tracer.store)
          let policy = RetryPolicy(maxAttempts: 3, backoff: .constant(.seconds(1), jitter: .none))
          let call =
            switch outside {
            case .nothing: inner.retry(policy, budget: nil).erased()
            case .decorator:
              Noted(base: inner, sightings: sightings).retry(policy, budget: nil).erased()
            }
          return try await call.deadline(.seconds(60)).trace(tracer)(7)
        }
        let what = Comment(rawValue: "\(layer), \(inside), \(form), \(outside)")
        let seen = sightings.of("leaf")
        if layer.replacesFailures {
          #expect(reply == Reply(status: 203), what)
          #expect(seen.count == 1, what)
        } else {
          #expect(reply == Reply(status: 200), what)
          #expect(seen.map(\.attempt) == [1, 2], what)
        }
        #expect(seen.allSatisfy { $0.maxAttempts == layer.maxAttempts && !$0.isLastAttempt }, what)
        requireOneCall(seen + sightings.of("decorator"), tracer, what)
        // A retry and a hedge inside try again at once, the one outside after a second.
        let begin = Instant(nanoseconds: 0)
        let again = layer.maxAttempts > 3 ? begin : begin.advanced(by: .seconds(1))
        for (sighting, now) in zip(seen, [begin, again]) {
          if layer == .link {
            #expect(sighting.handed.deadline == Self.deadline, what)
          } else {
            #expect(sighting.handed.deadline == layer.deadline(at: now, Self.deadline), what)
          }
        }
      }
    }
  }

  /// All of them belong to one logical call in one trace, and whatever they call sees what they were handed.
  private func requireOneCall(_ sightings: [Sighting], _ tracer: CallTracer, _ what: Comment) {
    #expect(!sightings.isEmpty, what)
    #expect(Set(sightings.map(\.callID)).count == 1, what)
    #expect(sightings.first?.callID != 0, what)
    let root = tracer.store.allSpans.first { $0.parent == 0 }
    for sighting in sightings {
      #expect(sighting.bound == sighting.handed, what)
      #expect(sighting.nested == sighting.handed, what)
      #expect(sighting.handed.isObserved, what)
      #expect(sighting.handed.trace.traceLow == root?.ids.traceLow, what)
      #expect(sighting.handed.trace.span != root?.ids.span, "\(what): an attempt has a span of its own")
    }
    // The observer that was bound in them is the tracer's.
    let spans = tracer.store.traces.flatMap { tracer.store.spans(inTrace: $0) }
    let told = spans.flatMap(\.events).compactMap { $0.event as? Sighting }
    #expect(Set(told) == Set(sightings), what)
  }

  /// One that changes the context binds it: its leaf and its leaf's calls see the change under every layer.
  @Test(arguments: OutsideLayer.allCases, [false, true])
  func aDecoratorThatChangesTheContextBindsIt(layer: OutsideLayer, isAroundTheLayer: Bool) throws {
    let soon = Deadline(at: Instant(nanoseconds: 5_000_000_000))
    for form in FailureForm.allCases {
      let sightings = Sightings()
      try Simulation(seed: 1).run { _ in
        let leaf = StructLeaf(sightings: sightings, form: form)
        let policy = RetryPolicy(maxAttempts: 3, backoff: .none)
        if isAroundTheLayer {
          _ = try await Hurried(base: layer.around(leaf), deadline: soon).retry(policy)(7)
        } else {
          _ = try await layer.around(Hurried(base: leaf, deadline: soon)).retry(policy)(7)
        }
      }
      let expected = isAroundTheLayer ? layer.deadline(at: Instant(nanoseconds: 0), soon) : soon
      let seen = sightings.of("leaf")
      // Nobody observes: a retry prepares for an attempt only what somebody may read.
      #expect(seen.map(\.attempt) == (layer.replacesFailures ? [1] : [1, 2]), "\(layer)")
      #expect(seen.allSatisfy { $0.maxAttempts == layer.maxAttempts }, "\(layer)")
      #expect(Set(seen.map(\.callID)).count == 1 && seen.first?.callID != 0, "\(layer)")
      for sighting in seen {
        #expect(sighting.handed.deadline == expected, "\(layer)")
        #expect(sighting.bound == sighting.handed, "\(layer)")
        #expect(sighting.nested == sighting.handed, "\(layer)")
      }
    }
  }

  /// Nothing of it is left when the call has ended.
  @Test(arguments: OutsideLayer.allCases)
  func theCallersContextIsUntouched(layer: OutsideLayer) throws {
    let sightings = Sightings()
    try Simulation(seed: 1).run { _ in
      let before = Sighting.Inheritance(.current)
      let leaf = StructLeaf(sightings: sightings, form: .value)
      _ = try await layer.around(Hurried(base: leaf, deadline: Self.deadline)).trace(CallTracer())(7)
      #expect(Sighting.Inheritance(.current) == before)
    }
  }
}
