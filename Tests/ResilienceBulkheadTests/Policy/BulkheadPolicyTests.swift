import Foundation
import ResilienceBulkhead
import ResilienceCore
import Testing

@Suite struct BulkheadPolicyTests {
  private func decoded(_ text: String) throws -> BulkheadPolicy {
    try JSONDecoder().decode(BulkheadPolicy.self, from: Data(text.utf8))
  }

  @Test(arguments: [
    ("{}", BulkheadPolicy()),
    (#"{ "limit": 20 }"#, BulkheadPolicy(limit: .fixed(20))),
    (
      #"{ "limit": 20, "maxWaiting": 40, "order": "lifo" }"#,
      BulkheadPolicy(limit: .fixed(20), maxWaiting: 40, order: .lifo)
    ),
    (
      #"{ "limit": { "initial": 50, "maximum": 400 } }"#,
      BulkheadPolicy(limit: .adaptive(AdaptiveLimitPolicy(initial: 50, maximum: 400)))
    ),
    (
      #"{ "limit": { "minimum": 30 } }"#,
      BulkheadPolicy(limit: .adaptive(AdaptiveLimitPolicy(initial: 30, minimum: 30)))
    ),
  ])
  func readsADocument(text: String, policy: BulkheadPolicy) throws {
    #expect(try decoded(text) == policy)
    #expect(try JSONDecoder().decode(BulkheadPolicy.self, from: JSONEncoder().encode(policy)) == policy)
  }

  @Test(arguments: [
    (#"{ "limit": 0 }"#, "limit", "0"),
    (#"{ "limit": -3 }"#, "limit", "-3"),
    (#"{ "maxWaiting": -1 }"#, "maxWaiting", "-1"),
    (#"{ "limit": { "initial": 0 } }"#, "limit.initial", "0"),
    (#"{ "limit": { "initial": 50, "maximum": 40 } }"#, "limit.initial", "50"),
    (#"{ "limit": { "minimum": 2000 } }"#, "limit.minimum", "2000"),
    (#"{ "limit": { "maximum": 0 } }"#, "limit.maximum", "0"),
    (#"{ "limt": 20 }"#, "limt", "20"),
    (#"{ "limit": { "inital": 20 } }"#, "limit.inital", "20"),
    (#"{ "limit": "twenty" }"#, "limit", "\"twenty\""),
    (#"{ "limit": 2.5 }"#, "limit", "2.5"),
    (#"{ "maxWaiting": [] }"#, "maxWaiting", "[]"),
    (#"{ "order": "random" }"#, "order", "\"random\""),
  ])
  func namesTheFieldAndTheValueThatNoBulkheadCanDo(text: String, field: String, value: String) {
    let error = #expect(throws: InvalidSetting.self) { try decoded(text) }
    #expect(error?.field == field)
    #expect(error?.value == value)
  }

  /// It may go to `update`, which takes what a program means.
  @Test(arguments: ["0", "-3", "1000000001", "\(Int.min)", "\(Int.max)"])
  func aLimitThatIsReadByItselfIsInItsRangeToo(text: String) {
    let error = #expect(throws: InvalidSetting.self) {
      try JSONDecoder().decode(BulkheadLimit.self, from: Data(text.utf8))
    }
    #expect(error?.value == text)
    #expect(error?.requirement == "in 1 ... 1000000000")
  }

  @Test func aNumberIsAFixedLimit() {
    #expect(Bulkhead("pages", limit: 20).snapshot().limit == 20)
    #expect(BulkheadPolicy(limit: 20) == BulkheadPolicy(limit: .fixed(20)))
  }

  @Test func tellsWhatIsWrong() {
    let error = #expect(throws: InvalidSetting.self) { try decoded(#"{ "limit": 0 }"#) }
    #expect(error?.description == "limit must be in 1 ... 1000000000, was 0")
  }

  @Test func theInitialLimitIsWithinTheBounds() {
    #expect(AdaptiveLimitPolicy().initial == 20)
    #expect(AdaptiveLimitPolicy(minimum: 30).initial == 30)
    #expect(AdaptiveLimitPolicy(maximum: 5).initial == 5)
  }

  @Test func valuesFromOutsideAreRefusedAsADocuments() throws {
    #expect(try BulkheadPolicy.validated() == BulkheadPolicy())
    #expect(
      try BulkheadPolicy.validated(limit: 3, maxWaiting: 9, order: .lifo)
        == BulkheadPolicy(limit: 3, maxWaiting: 9, order: .lifo))
    #expect(
      throws: InvalidSetting(field: "limit", value: "0", requirement: "in 1 ... 1000000000")
    ) { try BulkheadPolicy.validated(limit: 0) }
    #expect(
      throws: InvalidSetting(field: "maxWaiting", value: "-1", requirement: "in 0 ... 1000000")
    ) { try BulkheadPolicy.validated(maxWaiting: -1) }
    #expect(try AdaptiveLimitPolicy.validated(minimum: 30) == AdaptiveLimitPolicy(minimum: 30))
    #expect(
      throws: InvalidSetting(field: "minimum", value: "7", requirement: "in 1 ... 5")
    ) { try AdaptiveLimitPolicy.validated(minimum: 7, maximum: 5) }
  }
}
