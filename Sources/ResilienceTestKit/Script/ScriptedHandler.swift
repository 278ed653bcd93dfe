public import ResilienceCore

/// A handler that does in each call what a test tells it to, and remembers who called.
///
/// Hand-written doubles count calls in an actor, sleep for real and forget what they were asked. This one is
/// scripted by a list, or by time, waits on the call's clock, and keeps every call with its instant and its
/// attempt.
///
/// ```swift
/// let payment = ScriptedHandler<Order, Receipt>(
///   "payment", [.fail(Unavailable()), .delay(.seconds(3), then: .succeed(receipt))])
/// let charge = payment.retry(RetryPolicy(maxAttempts: 3))
///
/// _ = try await charge(order)
/// #expect(payment.calls.map(\.attempt) == [1, 2])
/// ```
public final class ScriptedHandler<Input: Sendable, Output: Sendable>: Handler {
  private enum Script: Sendable {
    case list([ScriptedAnswer<Output>], ScriptEnding)
    case time(@Sendable (Instant) -> ScriptedAnswer<Output>)
  }

  /// The name it was given; idempotency not stated.
  public let traits: CallTraits

  private let script: Script
  private let arrived = Lock<[ScriptedCall<Input>]>([])

  /// Scripts a handler by list: one answer for each call, in the order in which calls arrive.
  ///
  /// - Parameters:
  ///   - name: For errors, events and spans; empty when unnamed.
  ///   - answers: The behaviour in the first call, the second, and so on.
  ///   - afterwards: What happens in calls after the list's end. Default: they throw ``ScriptEnded``. To
  ///     repeat the last answer, there must be one.
  public init(_ name: String, _ answers: [ScriptedAnswer<Output>], afterwards: ScriptEnding = .fail) {
    precondition(
      afterwards == .fail || !answers.isEmpty,
      "the script of \"\(name)\" has no last answer to repeat: it is []")
    traits = CallTraits(name: name)
    script = .list(answers, afterwards)
  }

  /// Scripts a handler by time.
  ///
  /// - Parameters:
  ///   - name: For errors, events and spans; empty when unnamed.
  ///   - answer: The behaviour of a call that arrives at an instant. In a ``Simulation`` a run begins at
  ///     zero.
  public init(
    _ name: String, at answer: @escaping @Sendable (_ instant: Instant) -> ScriptedAnswer<Output>
  ) {
    traits = CallTraits(name: name)
    script = .time(answer)
  }

  /// Scripts a handler by windows of time.
  ///
  /// - Parameters:
  ///   - name: For errors, events and spans; empty when unnamed.
  ///   - windows: The behaviour of calls that arrive within a stretch of time, measured from the clock's
  ///     zero, where the run of a ``Simulation`` begins. Where windows overlap, the first holds.
  ///   - otherwise: The behaviour outside all windows.
  public convenience init(
    _ name: String, during windows: [(Range<Duration>, ScriptedAnswer<Output>)],
    otherwise: ScriptedAnswer<Output>
  ) {
    let windows = windows.map { (TimeWindow($0), $1) }
    self.init(name) { instant in
      windows.first { $0.0.contains(instant.nanoseconds) }?.1 ?? otherwise
    }
  }

  /// The calls so far, in the order of their arrival.
  public var calls: [ScriptedCall<Input>] { arrived.withLock { $0 } }

  /// How many calls have arrived.
  public var callCount: Int { arrived.withLock { $0.count } }

  /// Remembers the call, then does what the script says.
  ///
  /// - Throws: What the script says; `CancellationError`; ``ScriptEnded``.
  public nonisolated(nonsending) func handle(_ input: Input, context: CallContext) async throws -> Output {
    var answer = try arrive(ScriptedCall(input: input, instant: context.readClock(), context: context))
    while true {
      switch answer {
      case .succeed(let output):
        return output
      case .fail(let error):
        throw error
      case .delay(let delay, let next):
        try await context.clock.sleep(for: delay)
        answer = next
      case .hang:
        try await Waiter("ScriptedHandler.hang").waitForCancellation()
      }
    }
  }

  private func arrive(_ call: ScriptedCall<Input>) throws(ScriptEnded) -> ScriptedAnswer<Output> {
    let number: Int = arrived.withLock { calls in
      calls.append(call)
      return calls.count
    }
    switch script {
    case .time(let answer):
      return answer(call.instant)
    case .list(let answers, let ending):
      if number <= answers.count { return answers[number - 1] }
      if ending == .repeatLast, let last = answers.last { return last }
      throw ScriptEnded(handler: traits.name, call: number, scripted: answers.count)
    }
  }
}
