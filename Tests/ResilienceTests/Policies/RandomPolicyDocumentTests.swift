import Foundation
import Resilience
import Testing

/// Documents from a seed: what is as it must be is read, and comes back as it was; what is not is refused by
/// field and value, and nothing traps.
@Suite struct RandomPolicyDocumentTests {
  /// All policies that can be read, and what their documents look like.
  static let policies: [RandomPolicy] = [
    RandomPolicy(Backoff.self, PolicyShapes.backoff), RandomPolicy(Backoff.Jitter.self, PolicyShapes.jitter),
    RandomPolicy(RetryPolicy.self, PolicyShapes.retry), RandomPolicy(HedgePolicy.self, PolicyShapes.hedge),
    RandomPolicy(HedgeDelay.self, PolicyShapes.hedgeDelay),
    RandomPolicy(TimeLimit.self, .positiveDuration),
    RandomPolicy(CircuitBreakerPolicy.self, PolicyShapes.breaker, share: 2),
    RandomPolicy(CircuitBreakerPolicy.Window.self, PolicyShapes.unboundedWindow),
    RandomPolicy(CircuitBreakerPolicy.SlowCalls.self, PolicyShapes.unboundedSlowCalls),
    RandomPolicy(RateLimit.self, PolicyShapes.rateLimit), RandomPolicy(Quota.self, PolicyShapes.quota),
    RandomPolicy(AdaptiveThrottlePolicy.self, PolicyShapes.throttle),
    RandomPolicy(BulkheadPolicy.self, PolicyShapes.bulkhead),
    RandomPolicy(BulkheadLimit.self, PolicyShapes.bulkheadLimit),
    RandomPolicy(AdaptiveLimitPolicy.self, PolicyShapes.adaptiveLimit),
    RandomPolicy(CircuitBreakerSavedState.self, PolicyShapes.savedBreaker),
    RandomPolicy(EventBusPolicy.self, PolicyShapes.eventBus),
    RandomPolicy(DeliveryPolicy.self, PolicyShapes.delivery),
    RandomPolicy(InboxPolicy.self, PolicyShapes.inbox),
    RandomPolicy(JournalPolicy.self, PolicyShapes.journal),
    RandomPolicy(HealthCheckPolicy.self, PolicyShapes.healthCheck),
    RandomPolicy(BalancingStrategy.self, PolicyShapes.balancingStrategy),
    RandomPolicy(BalancingPolicy.self, PolicyShapes.balancing),
    RandomPolicy(SlowStartPolicy.self, PolicyShapes.slowStart),
    RandomPolicy(ZonePreference.self, PolicyShapes.zone),
    RandomPolicy(OutlierPolicy.self, PolicyShapes.outliers),
    RandomPolicy(OutlierPolicy.SuccessRate.self, PolicyShapes.successRate),
    RandomPolicy(OutlierPolicy.FailureRate.self, PolicyShapes.failureRate),
    RandomPolicy(SelfPreservation.self, PolicyShapes.selfPreservation),
    RandomPolicy(StandardStackPolicy.self, PolicyShapes.standardStack),
  ]

  @Test func everyPolicyThatCanBeReadIsAmongThem() throws {
    let conformance = /^extension ([\w.]+): Codable/.anchorsMatchLineEndings()
    let readable = try SourceRules.swiftFiles(below: packageRoot.appending(path: "Sources")).flatMap { file in
      try String(contentsOf: file, encoding: .utf8).matches(of: conformance).map { String($0.1) }
    }
    #expect(readable.sorted() == Self.policies.map(\.testDescription).sorted())
  }

  @Test(arguments: policies)
  func aValidOneIsReadAndComesBack(policy: RandomPolicy) {
    let draw = Draw(seed: 1)
    var wrong: String?
    for _ in 0..<policy.count where wrong == nil {
      let document = policy.shape.valid(draw).json
      do {
        if try !policy.comesBack(Data(document.utf8)) { wrong = "\(document) came back as something else" }
      } catch {
        wrong = "\(document) was refused: \(error)"
      }
    }
    #expect(wrong == nil)
  }

  @Test(arguments: policies)
  func anInvalidOneIsRefusedByFieldAndValue(policy: RandomPolicy) {
    let draw = Draw(seed: 2)
    var wrong: String?
    var refused = 0
    while refused < policy.count, wrong == nil {
      guard let fault = DocumentFault(policy.shape, draw) else { continue }
      refused += 1
      let document = fault.document.json
      do {
        _ = try policy.comesBack(Data(document.utf8))
        wrong = "\(document) was read, with \(fault.field) \(fault.value)"
      } catch let error as InvalidSetting {
        if error.field == fault.field, error.value == fault.value, !error.requirement.isEmpty { continue }
        wrong = "\(document) was refused for another reason than \(fault.field) \(fault.value): \(error)"
      } catch {
        wrong = "\(document) was refused by another error: \(error)"
      }
    }
    #expect(wrong == nil)
  }

  /// Known names with any values, from grammars of other policies as well.
  @Test(arguments: policies)
  func junkIsReadOrRefused(policy: RandomPolicy) {
    let draw = Draw(seed: 3)
    var wrong: String?
    for _ in 0..<policy.count / 5 where wrong == nil {
      var document = policy.shape.valid(draw)
      for _ in 0...draw.below(4) {
        let other = draw.one(of: Self.policies).shape.valid(draw)
        let piece =
          draw.below(2) == 0 ? other[draw.one(of: other.places)[...]] : DocumentShape.junk(draw, orNull: true)
        document[draw.one(of: document.places)[...]] = piece
      }
      do {
        if try !policy.comesBack(Data(document.json.utf8)) {
          wrong = "\(document.json) came back as something else"
        }
      } catch let error as InvalidSetting {
        if error.field.isEmpty || error.value.isEmpty { wrong = "\(document.json): \(error)" }
      } catch {
        wrong = "\(document.json) was refused by another error: \(error)"
      }
    }
    #expect(wrong == nil)
  }
}

/// The documents of one policy.
struct RandomPolicy: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let shape: DocumentShape
  /// How many valid and how many invalid ones are drawn: 100 000 of each for all policies together.
  let count: Int
  /// Whether the policy is the same when it was written and read again.
  let comesBack: @Sendable (Data) throws -> Bool

  init<Policy: Codable & Hashable & Sendable>(
    _ type: Policy.Type, _ shape: DocumentShape, share: Int = 1
  ) {
    testDescription = String(reflecting: type).split(separator: ".").dropFirst().joined(separator: ".")
    self.shape = shape
    count = 5_000 * share
    comesBack = { document in
      let decoder = JSONDecoder()
      // As decoders of other formats have them.
      decoder.nonConformingFloatDecodingStrategy = .convertFromString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      let policy = try decoder.decode(Policy.self, from: document)
      return try decoder.decode([Policy].self, from: JSONEncoder().encode([policy])) == [policy]
    }
  }
}
