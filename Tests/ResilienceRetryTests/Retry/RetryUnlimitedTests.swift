import Foundation
import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// `maxAttempts: .max`: for ever.
@Suite struct RetryUnlimitedTests {
  private static let forEver = RetryPolicy(maxAttempts: .max, backoff: .none)

  /// More than the context's counters hold, with somebody looking at all of them.
  @Test func countersStandStillWhereTheyEndAndNoAttemptIsTheLast() async throws {
    final class Witness: CallObserver {}
    let (attempts, last, mistakes) = (70_000, Log<UInt16>(), Log<String>())
    let made = Log<Void>()
    let call = ServiceCall { (_: Int, context: CallContext) in
      made.append(())
      if context.isLastAttempt { mistakes.append("attempt \(context.attempt) calls itself the last") }
      guard made.entries.count == attempts else { throw Failure() }
      last.append(context.attempt)
      last.append(context.maxAttempts)
    }
    .retry(Self.forEver, budget: nil)
    try await CallContext.withObserver(Witness()) { try await call(1) }
    #expect(made.entries.count == attempts)
    #expect(last.entries == [.max, .max])
    #expect(mistakes.entries.isEmpty)
  }

  @Test func theDeadlineEndsIt() throws {
    let made = Log<Instant>()
    try Simulation(seed: 1).run { sim in
      let call = ServiceCall { (_: Int) in
        made.append(sim.now)
        throw Failure()
      }
      .retry(
        RetryPolicy(maxAttempts: .max, backoff: .constant(.seconds(1), jitter: .none)), budget: nil)
      var context = CallContext.current
      context.tightenDeadline(to: Deadline(at: Instant(nanoseconds: 3_600_000_000_000)))
      await #expect(throws: Failure.self) { try await call.handle(1, context: context) }
    }
    #expect(made.entries.count == 3600)
  }

  @Test func theBudgetEndsIt() async {
    let made = Log<Void>()
    let call = ServiceCall { (_: Int) in
      made.append(())
      throw Failure()
    }
    .retry(Self.forEver, budget: RetryBudget(ratio: 0, reserve: 5, refillInterval: nil))
    await #expect(throws: Failure.self) { try await call(1) }
    #expect(made.entries.count == 6)
  }

  @Test func aDocumentSaysUnlimited() throws {
    let policy = try decode(#"{"maxAttempts": "unlimited"}"#)
    #expect(policy == RetryPolicy(maxAttempts: .max))
    #expect(
      String(decoding: try JSONEncoder().encode(policy), as: UTF8.self).contains(
        #""maxAttempts":"unlimited""#))
    #expect(try decode(String(decoding: JSONEncoder().encode(policy), as: UTF8.self)) == policy)
  }

  @Test(arguments: ["10001", "9223372036854775807", "1e30", "-1", #""forever""#, #""""#, "2.5"])
  func aDocumentSaysItInNoOtherWay(value: String) {
    #expect(throws: (any Error).self) { try decode(#"{"maxAttempts": \#(value)}"#) }
  }

  @Test func aProgramSaysMaxAndNoOtherHighNumber() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RetryPolicy(maxAttempts: .max - 1)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("maxAttempts must be in 1 ... 10000, or Int.max, was 9223372036854775806"))
  }

  private func decode(_ text: String) throws -> RetryPolicy {
    try JSONDecoder().decode(RetryPolicy.self, from: Data(text.utf8))
  }
}
