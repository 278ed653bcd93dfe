import Foundation
import Resilience
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// Stacks by name, from a document that is read again while calls run.
@Suite struct StandardStacksTests {
  private func read(_ document: String) throws -> [String: StandardStackPolicy] {
    try JSONDecoder().decode([String: StandardStackPolicy].self, from: Data(document.utf8))
  }

  private static let document = """
    {
      "payment": {
        "deadline": "5s", "timeout": "2s", "retry": { "maxAttempts": 2 },
        "rateLimit": { "permits": 50, "period": "1s" }, "bulkhead": { "limit": 20 }
      },
      "stock": { "circuitBreaker": { "openTime": "5s", "maxOpenTime": "1min" } }
    }
    """

  @Test func aDocumentNamesThem() throws {
    let stacks = StandardStacks(try read(Self.document))
    let payment = stacks["payment"].policy
    #expect(
      payment
        == StandardStackPolicy(
          deadline: .seconds(5), timeout: .seconds(2), retry: RetryPolicy(maxAttempts: 2),
          rateLimit: .perSecond(50), bulkhead: BulkheadPolicy(limit: .fixed(20))))
    #expect(stacks["stock"].policy.circuitBreaker.maxOpenTime == .seconds(60))
    #expect(stacks["other"].policy == StandardStackPolicy())
    #expect(stacks["payment"] === stacks["payment"])
    #expect(stacks["payment"].name == "payment")
    #expect(Set(stacks.all.keys) == ["payment", "stock", "other"])
  }

  static let wrong: [(String, String)] = [
    (#"{"payment": {"retry": {"maxAttempts": 0}}}"#, "payment.retry.maxAttempts"),
    (#"{"payment": {"timeout": "5s"}}"#, "payment.timeout"),
    (#"{"payment": {"deadline": "0s"}}"#, "payment.deadline"),
    (#"{"payment": {"timout": "1s"}}"#, "payment.timout"),
    (#"{"payment": {}, "stock": {"bulkhead": {"limit": -1}}}"#, "stock.bulkhead.limit"),
    (#"{"payment": {"rateLimit": {"permits": 5}}}"#, "payment.rateLimit.period"),
  ]

  @Test(arguments: wrong)
  func aWrongDocumentSaysWhereAndChangesNothing(document: String, field: String) throws {
    let stacks = StandardStacks(try read(Self.document))
    let before = stacks["payment"].policy
    do {
      stacks.update(try read(document))
      Issue.record("it was read")
    } catch let fault as InvalidSetting {
      #expect(fault.field == field)
    }
    #expect(stacks["payment"].policy == before)
  }

  @Test func aLimitThatIsLongerThanTheDeadlineIsSaidInPlainWords() throws {
    let fault = try #require(throws: InvalidSetting.self) { try read(#"{"stock": {"timeout": "5s"}}"#) }
    #expect("\(fault)" == #"stock.timeout must be at most the deadline, 3s, was "5s""#)
  }

  @Test func aNameThatNobodyAsksForIsFound() throws {
    let stacks = StandardStacks(try read(#"{"paymnt": {}, "stock": {}}"#))
    _ = (stacks["payment"], stacks["stock"])
    #expect(stacks.unusedNames == ["paymnt"])
  }

  @Test func anUpdateReachesTheStacksThatAreThereAndThoseToCome() throws {
    let stacks = StandardStacks(try read(Self.document))
    let (payment, stock) = (stacks["payment"], stacks["stock"])
    stacks.update(try read(#"{"stock": {"timeout": "250ms"}, "mail": {"timeout": "3s"}}"#))
    #expect(payment.policy == StandardStackPolicy())
    #expect(stock.policy == StandardStackPolicy(timeout: .milliseconds(250)))
    #expect(stacks["mail"].policy == StandardStackPolicy(timeout: .seconds(3)))
    #expect(stacks["payment"] === payment)
  }

  @Test func whatTheDocumentLeavesAsItWasIsNotTouched() async throws {
    let stacks = StandardStacks(try read(Self.document))
    let stock = stacks["stock"]
    for _ in 0..<20 {
      try? await stock.circuitBreaker.run { throw Down() }
    }
    let before = stock.circuitBreaker.snapshot().state
    stacks.update(try read(Self.document))
    guard case .open = before else { return #expect(before == .forcedOpen, "it did not open") }
    #expect(stock.circuitBreaker.snapshot().state == before)
  }

  private struct Down: Error {}

  /// Threads that ask for the same names while the document changes get the same stacks.
  @Test func eachNameHasOneStackWhoeverAsks() async {
    let stacks = StandardStacks()
    let found = await withTaskGroup { group in
      for task in 0..<8 {
        group.addTask {
          (0..<200).map { number in
            if task == 0 {
              stacks.update(["\(number)": StandardStackPolicy(timeout: .milliseconds(1 + number))])
            }
            return ObjectIdentifier(stacks["\(number)"])
          }
        }
      }
      return await group.reduce(into: [] as [[ObjectIdentifier]]) { $0.append($1) }
    }
    #expect(found.allSatisfy { $0 == found[0] })
    stacks.update(["7": StandardStackPolicy(timeout: .milliseconds(5))])
    #expect(stacks["7"].policy.timeout == TimeLimit(.milliseconds(5)))
    #expect(stacks["8"].policy == StandardStackPolicy())
  }

  // MARK: - Policies

  @Test func aPolicyFromOutsideIsCheckedAsADocumentIs() throws {
    #expect(throws: InvalidSetting.self) { try StandardStackPolicy.validated(timeout: .seconds(4)) }
    #expect(throws: InvalidSetting.self) { try StandardStackPolicy.validated(deadline: .zero) }
    #expect(try StandardStackPolicy.validated(timeout: .seconds(3)).timeout == TimeLimit(.seconds(3)))
    #expect(StandardStackPolicy(deadline: .milliseconds(500)).timeout == TimeLimit(.milliseconds(500)))
    #expect(StandardStackPolicy(deadline: .seconds(60)).timeout == TimeLimit(.seconds(1)))
    let written = try JSONEncoder().encode(StandardStackPolicy.eventHandler)
    #expect(try JSONDecoder().decode(StandardStackPolicy.self, from: written) == .eventHandler)
  }
}
