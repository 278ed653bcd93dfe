import ResilienceCore
import ResilienceTestSupport
import Testing

@testable import ResilienceEventBus

@Suite struct SettlementTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let what: String
    var outcome = Outcome.failure
    var error: (any Error & Sendable)? = Broken()
    var attempt = 1
    var deadline = Deadline.never
    var isShuttingDown = false
    let expected: Settlement

    var testDescription: String { what }
  }

  static let mismatch = Undeliverable(PayloadMismatch(type: "number", expected: "Int", found: "String"))

  /// Three deliveries, 10 s apart; it is 100 s.
  static let cases: [Case] = [
    Case(what: "a return", outcome: .success, error: nil, expected: .acknowledge),
    Case(what: "a neutral return", outcome: .neutral, error: nil, expected: .acknowledge),
    Case(what: "an error that counts as success", outcome: .success, expected: .acknowledge),
    Case(
      what: "a return as it shuts down", outcome: .success, error: nil, isShuttingDown: true,
      expected: .acknowledge),
    Case(what: "a failure", expected: .redeliver(at: .s(110))),
    Case(what: "a failure that is a value", error: nil, expected: .redeliver(at: .s(110))),
    Case(what: "a neutral error", outcome: .neutral, expected: .redeliver(at: .s(110))),
    Case(what: "the last but one", attempt: 2, expected: .redeliver(at: .s(110))),
    Case(what: "the last", attempt: 3, expected: .deadLetter(.exhausted(deliveries: 3))),
    Case(what: "after the last", attempt: 9, expected: .deadLetter(.exhausted(deliveries: 9))),
    Case(what: "poison", outcome: .failure(.doNotRetry), expected: .deadLetter(.poison)),
    Case(
      what: "poison, neutral", outcome: Outcome(.neutral, pushback: .doNotRetry),
      expected: .deadLetter(.poison)),
    Case(
      what: "poison on the last", outcome: .failure(.doNotRetry), attempt: 3, expected: .deadLetter(.poison)),
    Case(
      what: "poison as it shuts down", outcome: .failure(.doNotRetry), isShuttingDown: true,
      expected: .deadLetter(.poison)),
    Case(
      what: "a client's error for its cancellation that says not to try again, as it shuts down",
      outcome: Outcome(.neutral, pushback: .doNotRetry), isShuttingDown: true, expected: .giveBack),
    Case(
      what: "poison by name as it shuts down", outcome: Outcome(.neutral, pushback: .doNotRetry),
      error: PoisonEvent("no amount"), isShuttingDown: true, expected: .deadLetter(.poison)),
    Case(what: "another payload", error: mismatch, expected: .deadLetter(.poison)),
    Case(
      what: "another payload, whatever the handler says of its errors", outcome: .success, error: mismatch,
      expected: .deadLetter(.poison)),
    Case(what: "a failure as it shuts down", attempt: 3, isShuttingDown: true, expected: .giveBack),
    Case(
      what: "retryAfter comes before the backoff", outcome: .failure(.retryAfter(.seconds(7))),
      expected: .redeliver(at: .s(117))),
    Case(
      what: "a negative retryAfter", outcome: .failure(.retryAfter(.seconds(-70))),
      expected: .redeliver(at: .s(110))),
    Case(
      what: "retryAt comes before the backoff", outcome: .neutral, error: Busy(retryAt: .s(130)),
      expected: .redeliver(at: .s(140))),
    Case(
      what: "a retryAt that has passed", outcome: .neutral, error: Busy(retryAt: .s(3)),
      expected: .redeliver(at: .s(110))),
    Case(
      what: "no retryAt", outcome: .neutral, error: Busy(retryAt: nil), expected: .redeliver(at: .s(110))),
    Case(
      what: "the later of the two", outcome: .failure(.retryAfter(.seconds(20))),
      error: Busy(retryAt: .s(115)), expected: .redeliver(at: .s(130))),
    Case(
      what: "due at the deadline", deadline: Deadline(at: .s(110)), expected: .deadLetter(.expired)),
    Case(
      what: "due before the deadline", deadline: Deadline(at: .ns(110_000_000_001)),
      expected: .redeliver(at: .s(110))),
  ]

  @Test(arguments: cases)
  func aDeliveryEnds(_ the: Case) {
    let policy = DeliveryPolicy.every(.seconds(10), maxDeliveries: 3)
    let settlement = policy.settlement(
      the.outcome, error: the.error, attempt: the.attempt, deadline: the.deadline, now: .s(100), seed: 1,
      isShuttingDown: the.isShuttingDown)
    #expect(settlement == the.expected)
  }

  @Test func theBackoffGrowsWithTheDeliveries() {
    let policy = DeliveryPolicy(
      backoff: .exponential(base: .seconds(1), cap: .seconds(3), jitter: .none))
    let due = (1...4).map {
      policy.settlement(
        .failure, error: Broken(), attempt: $0, deadline: .never, now: .s(0), seed: 1, isShuttingDown: false)
    }
    #expect(due == [1, 2, 3, 3].map { .redeliver(at: .s($0)) })
  }

  @Test(arguments: [
    (1, Deadline.never, nil),
    (3, .never, nil),
    (4, .never, Settlement.deadLetter(.exhausted(deliveries: 3))),
    (1, Deadline(at: .s(100)), .deadLetter(.expired)),
    (1, Deadline(at: .ns(100_000_000_001)), nil),
    (4, Deadline(at: .s(99)), .deadLetter(.expired)),
  ])
  func aDeliveryMayBegin(attempt: Int, deadline: Deadline, expected: Settlement?) {
    let policy = DeliveryPolicy.every(.seconds(10), maxDeliveries: 3)
    #expect(policy.refusal(attempt: attempt, deadline: deadline, now: .s(100)) == expected)
  }
}
