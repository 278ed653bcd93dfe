import Resilience
import ResilienceTestKit

// Handlers as a user of the package writes them: the protocol's one requirement and nothing but public API. A
// test compiles this file as a part of another package.

/// What a handler sees of the call that it is part of.
struct Sighting: ResilienceEvent, Hashable {
  /// What calls that are made from somewhere inherit.
  struct Inheritance: Hashable {
    let deadline: Deadline
    let trace: TraceIDs
    let isObserved: Bool

    init(_ context: CallContext) {
      deadline = context.deadline
      trace = context.trace
      isObserved = context.isObserved
    }
  }

  let handler: String
  let callID: UInt64
  let attempt: UInt16
  let maxAttempts: UInt16
  let isLastAttempt: Bool

  /// What the context says that was handed down.
  let handed: Inheritance

  /// What ``CallContext/current`` says.
  let bound: Inheritance

  /// What a call sees that is made here.
  let nested: Inheritance?

  var name: String { "sighting" }
  var attributes: [EventAttribute] { [EventAttribute("handler", .string(handler))] }

  init(_ handler: String, _ context: CallContext) async {
    self.handler = handler
    callID = context.callID
    attempt = context.attempt
    maxAttempts = context.maxAttempts
    isLastAttempt = context.isLastAttempt
    handed = Inheritance(context)
    bound = Inheritance(.current)
    nested = try? await ServiceCall { (_: Void, context: CallContext) in Inheritance(context) }()
    CallContext.current.emit(self)
  }
}

/// Remembers what handlers saw.
struct Sightings: Sendable {
  private let recorder = EventRecorder()

  func note(_ handler: String, _ context: CallContext) async {
    recorder.record(await Sighting(handler, context))
  }

  func of(_ handler: String) -> [Sighting] {
    recorder.events.compactMap { $0 as? Sighting }.filter { $0.handler == handler }
  }
}

struct Reply: PushbackProviding, Sendable, Hashable {
  let status: Int

  var pushback: Pushback { .none }
  var verdict: Verdict { status < 500 ? .success : .failure }
}

struct OutsideFailure: Error, Hashable {}

/// How a leaf fails that fails.
enum FailureForm: CaseIterable, Sendable {
  case value, error

  func fail() throws -> Reply {
    switch self {
    case .value: return Reply(status: 503)
    case .error: throw OutsideFailure()
    }
  }
}

// MARK: - Leaves

/// Fails in the first of its calls.
struct StructLeaf: Handler {
  let sightings: Sightings
  let form: FailureForm

  func handle(_ input: Int, context: CallContext) async throws -> Reply {
    await sightings.note("leaf", context)
    return sightings.of("leaf").count == 1 ? try form.fail() : Reply(status: 200)
  }
}

/// The same, with state of its own.
actor ActorLeaf: Handler {
  private let sightings: Sightings
  private let form: FailureForm
  private var calls = 0

  init(sightings: Sightings, form: FailureForm) {
    self.sightings = sightings
    self.form = form
  }

  func handle(_ input: Int, context: CallContext) async throws -> Reply {
    calls += 1
    let isFirst = calls == 1
    await sightings.note("leaf", context)
    return isFirst ? try form.fail() : Reply(status: 200)
  }
}

/// Handles events, and fails in the first so many deliveries.
struct EventLeaf: Handler {
  let sightings: Sightings
  let failures: Int

  func handle(_ event: Event<Int>, context: CallContext) async throws {
    await sightings.note("leaf", context)
    if sightings.of("leaf").count <= failures { throw OutsideFailure() }
  }
}

// MARK: - Decorators

/// Notes each call.
struct Noted<Base: Handler>: HandlerDecorator {
  let base: Base
  let sightings: Sightings

  func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
    await sightings.note("decorator", context)
    return try await base.handle(input, context: context)
  }
}

/// Changes the context, and binds it.
struct Hurried<Base: Handler>: HandlerDecorator {
  let base: Base
  let deadline: Deadline

  func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
    var inner = context
    inner.tightenDeadline(to: deadline)
    let hurried = inner
    return try await CallContext.withCurrent(hurried) { try await base.handle(input, context: hurried) }
  }
}
