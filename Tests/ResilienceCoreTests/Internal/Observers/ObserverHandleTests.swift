import ResilienceCore
import Testing

@Suite struct ObserverHandleTests {
  private final class Observer: CallObserver {}

  @Test func findsTheObserverUntilItIsUnregistered() {
    let one = Observer()
    let other = Observer()
    let first = ObserverHandle.register(one)
    let second = ObserverHandle.register(other)
    #expect(first.observer as? Observer === one)
    #expect(second.observer as? Observer === other)
    first.unregister()
    #expect(first.observer == nil)
    #expect(second.observer as? Observer === other)
    second.unregister()
  }

  @Test func staleHandleDoesNotFindTheNextOwnerOfItsPlace() {
    let stale = ObserverHandle.register(Observer())
    stale.unregister()
    let next = ObserverHandle.register(Observer())
    #expect(stale != next)
    #expect(stale.observer == nil)
    stale.unregister()
    #expect(next.observer != nil)
    next.unregister()
  }

  @Test func unregisteringTwiceFreesThePlaceOnce() {
    let twice = ObserverHandle.register(Observer())
    twice.unregister()
    twice.unregister()
    let (one, other) = (ObserverHandle.register(Observer()), ObserverHandle.register(Observer()))
    one.unregister()
    #expect(other.observer != nil)
    other.unregister()
  }

  @Test func nobodyIsNoObserver() {
    #expect(ObserverHandle.none.observer == nil)
    ObserverHandle.none.unregister()
    #expect(CallContext.observer == nil)
  }

  @Test func observerIsReleasedWhenUnregistered() {
    weak var observer: Observer?
    var handle = ObserverHandle.none
    do {
      let registered = Observer()
      observer = registered
      handle = .register(registered)
    }
    #expect(observer != nil)
    handle.unregister()
    #expect(observer == nil)
  }

  @Test func isBoundForTheBodyAlone() async {
    let observer = Observer()
    let inside = await CallContext.withObserver(observer) { (CallContext.observer as? Observer) === observer }
    #expect(inside)
    #expect(CallContext.observer == nil)
  }

  /// Starts a task as a framework does, that nobody waits for, and returns when the observer is not bound any
  /// more.
  private func leaveBehind(
    _ observer: Observer, _ gate: AsyncStream<Void>
  ) async -> Task<Bool, Never> {
    await CallContext.withObserver(observer) {
      Task {
        for await _ in gate {}
        return CallContext.observer is Observer
      }
    }
  }

  @Test func row90_anObserverLivesAsLongAsTheLastTaskThatInheritedIt() async {
    weak var kept: Observer?
    let gate = AsyncStream.makeStream(of: Void.self)
    var task: Task<Bool, Never>?
    do {
      let observer = Observer()
      kept = observer
      task = await leaveBehind(observer, gate.stream)
    }
    #expect(CallContext.observer == nil)
    #expect(kept != nil)
    gate.continuation.finish()
    #expect(await task?.value == true)
    task = nil
    // The task may still be on its way out when its value is there.
    for _ in 0..<1_000_000 where kept != nil { await Task.yield() }
    #expect(kept == nil)
  }
}
