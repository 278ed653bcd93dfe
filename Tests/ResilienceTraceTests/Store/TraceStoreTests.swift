import ResilienceCore
import ResilienceTestKit
import ResilienceTrace
import Testing

@Suite struct TraceStoreTests {
  @Test func oldestMakeRoomAndAreCounted() async {
    let store = TraceStore("small", capacity: 3)
    let tracer = CallTracer(store: store)
    for name in ["a", "b", "c", "d", "e"] {
      await tracer.span(name) { CallContext.current.emit(Retried(attempt: 1)) }
    }
    #expect(store.allSpans.map(\.name) == ["c", "d", "e"])
    #expect(store.traces.count == 3)
    let snapshot = store.snapshot()
    #expect(snapshot == tracer.snapshot())
    #expect(snapshot.spans == 3)
    #expect(snapshot.recordedSpans == 5)
    #expect(snapshot.droppedSpans == 2)
    #expect(snapshot.droppedEvents == 2)
    #expect(snapshot.metrics.map(\.value) == [3, 3, 5, 2, 3, 2])
    #expect(snapshot.metrics.allSatisfy { $0.labels == [Metric.Label("store", "small")] })
  }

  @Test func tracesAreKeptApart() async throws {
    let store = TraceStore()
    let tracer = CallTracer(store: store)
    for name in ["a", "b"] {
      await tracer.span(name) { await tracer.span("below \(name)") {} }
    }
    #expect(
      store.traces.map { store.spans(inTrace: $0).map(\.name) } == [["a", "below a"], ["b", "below b"]])
    #expect(store.spans(inTrace: TraceID(high: 0, low: 1)).isEmpty)
  }

  @Test func parentsComeBeforeChildrenAndSiblingsByStart() throws {
    let store = TraceStore()
    try Simulation(seed: 1).run { sim in
      let tracer = CallTracer(store: store)
      await tracer.span("root") {
        await tracer.span("first") { await tracer.span("at once") {} }
        await tracer.span("second") {}
        try? await sim.sleep(for: .seconds(1))
        await tracer.span("third") {}
      }
    }
    #expect(
      store.spans(inTrace: store.traces[0]).map(\.name) == ["root", "first", "at once", "second", "third"])
    #expect(store.allSpans.map(\.name) == ["at once", "first", "second", "third", "root"])
  }

  @Test func sameIdsTwiceAreShownOnceEach() throws {
    let store = TraceStore()
    for _ in 0..<2 {
      try Simulation(seed: 1).run { sim in
        let tracer = CallTracer(store: store)
        await tracer.span("a") { await tracer.span("b") { await tracer.span("c") {} } }
      }
    }
    #expect(store.traces.count == 1)
    #expect(store.spans(inTrace: store.traces[0]).count == 6)
  }

  @Test func threadsLoseNothing() async {
    let store = TraceStore(capacity: 500)
    let tracer = CallTracer(store: store)
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<200 { await tracer.span("call") { CallContext.current.emit(Retried(attempt: 1)) } }
        }
      }
    }
    let snapshot = store.snapshot()
    #expect(snapshot.recordedSpans == 1600)
    #expect(snapshot.spans == 500)
    #expect(snapshot.droppedEvents == 1100)
  }
}
