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
}
