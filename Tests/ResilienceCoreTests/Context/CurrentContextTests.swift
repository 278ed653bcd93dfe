import ResilienceTestKit
import Testing

@testable import ResilienceCore

/// What is bound for the calls that work makes of its own, by whom, and for how long.
@Suite struct CurrentContextTests {
  private static func hurried(_ nanoseconds: Int64 = 5) -> CallContext {
    var context = CallContext.current
    context.tightenDeadline(to: Deadline(at: Instant(nanoseconds: nanoseconds)))
    return context
  }

  @Test func aContextIsBoundForTheBodyAlone() async throws {
    struct Failed: Error {}
    let context = Self.hurried()
    await CallContext.withCurrent(context) {
      #expect(CallContext.current.deadline == context.deadline)
      #expect(!CallContext.current.isChanged, "it is bound: no leaf need do it again")
      await CallContext.withCurrent(Self.hurried(3)) {
        #expect(CallContext.current.deadline == Deadline(at: Instant(nanoseconds: 3)))
      }
      #expect(CallContext.current.deadline == context.deadline)
    }
    await #expect(throws: Failed.self) { try await CallContext.withCurrent(context) { throw Failed() } }
    #expect(CallContext.current.deadline == .never)
  }

  @Test func childTasksInheritIt() async {
    let seen = await CallContext.withCurrent(Self.hurried()) {
      async let child = CallContext.current.deadline
      return await child
    }
    #expect(seen == Deadline(at: Instant(nanoseconds: 5)))
  }

  /// The id and the attempt are the call's: a nested call is one of its own.
  @Test func itIsWhatNestedCallsInheritAndNoMore() async {
    var context = Self.hurried()
    context.drawCallID()
    context.beginAttempt(2, of: 3)
    let attempt = context
    await CallContext.withCurrent(attempt) {
      let nested = CallContext.current
      #expect(nested.deadline == attempt.deadline)
      #expect((nested.callID, nested.attempt, nested.maxAttempts) == (0, 1, 1))
    }
  }

  @Test func theBodyStaysOnTheCallersActor() async {
    actor Home {
      func bind(_ context: CallContext) async {
        var touched = 0
        await CallContext.withCurrent(context) {
          preconditionIsolated("left the actor")
          touched += 1
        }
        await CallContext.withBaggage(1) { preconditionIsolated("left the actor") }
        await CallContext.withObserver(EventRecorder()) { preconditionIsolated("left the actor") }
        #expect(touched == 1)
      }
    }
    await Home().bind(Self.hurried())
  }

  // MARK: - Whoever calls a handler of somebody else's binds it

  private struct Leaf: Handler {
    func handle(_ input: Void, context: CallContext) async throws -> [CallContext] {
      [context, CallContext.current]
    }
  }

  @Test func aLeafThatIsATypeIsBoundByWhoeverCallsIt() async throws {
    let context = Self.hurried()
    let seen = try await Leaf().perform((), in: context)
    #expect(seen.map(\.deadline) == [context.deadline, context.deadline])
    #expect(seen.map(\.isChanged) == [false, false])
    #expect(CallContext.current.deadline == .never)
  }

  @Test func throughAnyHandlerToo() async throws {
    let context = Self.hurried()
    let stored: any Handler<Void, [CallContext]> = Leaf()
    let handlers: [AnyHandler<Void, [CallContext]>] = [
      AnyHandler(Leaf()), AnyHandler(stored), Leaf().named("leaf").erased(),
      Leaf().classify { _ in nil }.erased(),
    ]
    for handler in handlers {
      let seen = try await handler.handle((), context: context)
      #expect(seen.map(\.deadline) == [context.deadline, context.deadline])
    }
  }

  /// Called directly, as nobody in the package does: a type that binds nothing has nothing bound.
  @Test func aTypesOwnHandleBindsNothing() async throws {
    let context = Self.hurried()
    let seen = try await Leaf().handle((), context: context)
    #expect(seen.map(\.deadline) == [context.deadline, .never])
  }

  @Test func anUnchangedContextIsNotBoundAgain() async throws {
    var context = CallContext.current
    context.beginAttempt(2, of: 3)
    let seen = try await Leaf().perform((), in: context)
    #expect(seen.map(\.attempt) == [2, 1])
  }
}
