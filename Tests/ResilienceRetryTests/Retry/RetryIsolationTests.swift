import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// Every attempt runs where the caller runs, also after a wait, which does not.
@Suite struct RetryIsolationTests {
  private static let policies = [
    RetryPolicy(maxAttempts: 4, backoff: .none),
    // Real waits, so that the attempts come back from another thread.
    RetryPolicy(maxAttempts: 4, backoff: .constant(.microseconds(1), jitter: .none)),
  ]

  @Test(arguments: policies, ["plain", "context", "value", "erased"])
  func attemptsOfACallStayOnTheCallersActor(policy: RetryPolicy, leaf: String) async throws {
    let shelf = Shelf()
    for _ in 1...20 { try await shelf.call(policy, leaf) }
    #expect(await shelf.touched == 20 * (4 + 1))
  }

  @Test(arguments: policies)
  func attemptsOfAnInlineCallStayOnTheCallersActor(policy: RetryPolicy) async throws {
    let shelf = Shelf()
    for _ in 1...20 { #expect(try await shelf.run(policy) == 4) }
    #expect(await shelf.touched == 20 * (4 + 1))
  }

  @MainActor @Test(arguments: policies)
  func attemptsStayOnTheMainActor(policy: RetryPolicy) async throws {
    let calls = Log<Int>()
    let call = ServiceCall { (_: Int) in
      MainActor.preconditionIsolated("left the main actor")
      calls.append(1)
      if calls.entries.count < 4 { throw Failure() }
    }
    try await call.retry(policy, budget: nil)(1)
    MainActor.preconditionIsolated("the caller left it")
    var attempts = 0
    try await policy.run(budget: nil) { attempt in
      MainActor.preconditionIsolated("left the main actor")
      attempts += 1
      if attempt < 4 { throw Failure() }
    }
    #expect(attempts == 4)
  }

  @Test func concurrentCallsOfOneRetryDoNotDisturbEachOther() async throws {
    let budget = RetryBudget(ratio: 10, reserve: 1_000_000, refillInterval: nil)
    let call = ServiceCall { (number: Int, context: CallContext) in
      if context.attempt <= number % 4 { throw Failure(number: number) }
      return number
    }.retry(Self.policies[1], budget: budget)
    let sum = await withTaskGroup { group in
      for number in 1...400 { group.addTask { (try? await call(number)) ?? 0 } }
      return await group.reduce(0, +)
    }
    #expect(sum == 400 * 401 / 2)
    #expect(budget.snapshot().granted == 100 * (1 + 2 + 3))
  }
}

/// Its state is touched without a lock: a data race if an attempt runs elsewhere.
private actor Shelf {
  private(set) var touched = 0
  private var failures = 0

  private func touch() { touched += 1 }

  func call(_ policy: RetryPolicy, _ leaf: String) async throws {
    failures = 0
    #expect(try await stack(policy, leaf)(1) == 4)
    preconditionIsolated("the caller left it")
    touch()
  }

  // Made outside: a closure written here that captures `self` would leave the actor (Swift 6.3.1), whatever
  // is around it.
  private nonisolated func stack(_ policy: RetryPolicy, _ leaf: String) -> AnyHandler<Int, Int> {
    let plain = ServiceCall { (_: Int) in try self.here() }
    return switch leaf {
    case "plain": AnyHandler(plain.retry(policy, budget: nil))
    case "context":
      AnyHandler(
        ServiceCall { (_: Int, _: CallContext) in try self.here() }.retry(policy, budget: nil))
    case "value":
      AnyHandler(
        ServiceCall { (_: Int) in (try? self.here()) ?? -1 }
          .classify { result in if case .success(-1) = result { .failure } else { nil } }
          .retry(policy, budget: nil))
    default: AnyHandler(AnyHandler(plain).retry(policy, budget: nil).retry(policy, budget: nil))
    }
  }

  /// Stops the test when it runs elsewhere.
  private nonisolated func here() throws -> Int { try assumeIsolated { try $0.attempt() } }

  private func attempt() throws -> Int {
    touch()
    failures += 1
    if failures < 4 { throw Failure() }
    return failures
  }

  private final class NotSendable {
    var attempts = 0
  }

  func run(_ policy: RetryPolicy) async throws -> Int {
    let result = try await policy.run(budget: nil) { attempt in
      preconditionIsolated("left the actor")
      touch()
      if attempt < 4 { throw Failure() }
      let result = NotSendable()
      result.attempts = attempt
      return result
    }
    preconditionIsolated("the caller left it")
    touch()
    return result.attempts
  }
}
