import Foundation
import Resilience
import Testing

/// The documents of all policies follow one grammar: what is written is read, what is wrong is named.
@Suite struct PolicyDocumentTests {
  /// A policy of some type, and what reading it back makes of it.
  struct RoundTrip: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let run: @Sendable () throws -> Bool

    init<Policy: Codable & Hashable & Sendable>(_ policy: Policy) {
      testDescription = "\(policy)"
      // In a list, as some documents are no objects.
      run = { try JSONDecoder().decode([Policy].self, from: JSONEncoder().encode([policy])) == [policy] }
    }
  }

  private static let core: [RoundTrip] = [
    RoundTrip(Backoff.none), RoundTrip(Backoff.exponential(multiplier: 1.5, jitter: .equal)),
    RoundTrip(Backoff.linear(base: .milliseconds(1), jitter: .proportional(0.25))),
    RoundTrip(Backoff.decorrelated()), RoundTrip(Backoff.custom([.seconds(1), .seconds(3600)])),
    RoundTrip(Backoff.Jitter.proportional(1)),
  ]

  private static let calls: [RoundTrip] = [
    RoundTrip(RetryPolicy()), RoundTrip(RetryPolicy(maxAttempts: 1, backoff: .none, maxRetryAfter: .zero)),
    RoundTrip(HedgePolicy()),
    RoundTrip(HedgePolicy(maxAttempts: 10, delay: .fixed(.microseconds(7)), hedgesNonIdempotent: true)),
    RoundTrip(HedgeDelay.learned(percentile: 50, atMost: .seconds(1))),
    RoundTrip(TimeLimit(.nanoseconds(1))), RoundTrip(TimeLimit(.seconds(90))),
    RoundTrip(CircuitBreakerPolicy()),
    RoundTrip(
      CircuitBreakerPolicy(
        failureRate: nil, consecutiveFailures: 3, openTime: .seconds(5), maxOpenTime: .seconds(60),
        halfOpenPermits: 1, rampTime: .seconds(60))),
    RoundTrip(
      CircuitBreakerPolicy(
        window: .time(.milliseconds(1500), slices: 3),
        slowCalls: .init(threshold: .milliseconds(250), rate: 0.5), openTime: .seconds(5),
        maxOpenTime: .seconds(60), halfOpenPermits: 1)),
    RoundTrip(CircuitBreakerPolicy.Window.count(9)),
    RoundTrip(CircuitBreakerPolicy.SlowCalls(threshold: .seconds(1))),
  ]

  private static let load: [RoundTrip] = [
    RoundTrip(RateLimit.unlimited), RoundTrip(RateLimit.perSecond(0, burst: 3)),
    RoundTrip(RateLimit(7, per: .nanoseconds(11), burst: 2)), RoundTrip(Quota.perDay(0)),
    RoundTrip(Quota(9, each: .month)),
    RoundTrip(Quota(7, per: .milliseconds(250))), RoundTrip(AdaptiveThrottlePolicy()),
    RoundTrip(AdaptiveThrottlePolicy(multiplier: 1.1, window: .microseconds(1), refusals: .overloads)),
    RoundTrip(BulkheadPolicy()), RoundTrip(BulkheadPolicy(limit: .fixed(5), maxWaiting: 9, order: .lifo)),
    RoundTrip(BulkheadLimit.adaptive(AdaptiveLimitPolicy(minimum: 30))),
    RoundTrip(AdaptiveLimitPolicy(initial: 3, minimum: 2, maximum: 4)),
  ]

  private static let services: [RoundTrip] = [
    RoundTrip(EventBusPolicy()), RoundTrip(EventBusPolicy(queueCapacity: 1, deadLetterCapacity: 2)),
    RoundTrip(DeliveryPolicy()),
    RoundTrip(
      DeliveryPolicy(maxDeliveries: 1, backoff: .decorrelated(), parallelism: 1, timeout: .seconds(5))),
    RoundTrip(InboxPolicy()), RoundTrip(StandardStackPolicy()), RoundTrip(StandardStackPolicy.eventHandler),
    RoundTrip(InboxPolicy(window: .milliseconds(3), lease: .seconds(1), capacity: 1)),
    RoundTrip(HealthCheckPolicy()),
    RoundTrip(
      HealthCheckPolicy(interval: .seconds(1), timeout: .milliseconds(1), rise: 1, fall: 1, jitter: 0)),
    RoundTrip(
      HealthCheckPolicy(startupGrace: .seconds(30), flapWindow: .zero, maxFallShare: 0.5)),
    RoundTrip(SelfPreservation()),
    RoundTrip(
      SelfPreservation(maxLapsedShare: 0.5, window: .seconds(1), minInstances: 1, duration: .seconds(2))),
  ]

  @Test(arguments: core + calls + load + services)
  func whatIsWrittenIsRead(policy: RoundTrip) throws {
    #expect(try policy.run())
  }

  // MARK: - Broken documents

  /// A document, and where it is broken.
  struct Broken: Sendable, CustomTestStringConvertible {
    let type: any (Decodable & Sendable).Type
    let document: String
    let field: String
    let value: String

    init(_ type: any (Decodable & Sendable).Type, _ document: String, _ field: String, _ value: String) {
      (self.type, self.document, self.field, self.value) = (type, document, field, value)
    }

    var testDescription: String { "\(type) \(document)" }
  }

  /// A policy whose every field has a default, as its initialiser makes it.
  struct Default: Sendable, CustomTestStringConvertible {
    let type: any (Decodable & Sendable).Type
    let isEmptyDocument: @Sendable () throws -> Bool

    init<Policy: Decodable & Hashable & Sendable>(_ policy: Policy) {
      type = Policy.self
      isEmptyDocument = { try JSONDecoder().decode(Policy.self, from: Data("{}".utf8)) == policy }
    }

    var testDescription: String { "\(type)" }
  }

  private static let defaults: [Default] = [
    Default(RetryPolicy()), Default(HedgePolicy()), Default(HedgeDelay.learned()),
    Default(CircuitBreakerPolicy()),
    Default(AdaptiveThrottlePolicy()), Default(BulkheadPolicy()), Default(BulkheadLimit.adaptive()),
    Default(AdaptiveLimitPolicy()), Default(EventBusPolicy()), Default(DeliveryPolicy()),
    Default(InboxPolicy()),
    Default(HealthCheckPolicy()), Default(SelfPreservation()),
  ]

  @Test(arguments: defaults)
  func anEmptyDocumentIsAllDefaults(policy: Default) throws {
    #expect(try policy.isEmptyDocument())
  }

  /// All that are objects.
  private static let objects: [any (Decodable & Sendable).Type] = [
    RetryPolicy.self, HedgePolicy.self, CircuitBreakerPolicy.self, AdaptiveThrottlePolicy.self,
    BulkheadPolicy.self,
    AdaptiveLimitPolicy.self, EventBusPolicy.self, DeliveryPolicy.self, InboxPolicy.self,
    HealthCheckPolicy.self, SelfPreservation.self,
    Backoff.self, CircuitBreakerPolicy.Window.self, CircuitBreakerPolicy.SlowCalls.self, RateLimit.self,
    Quota.self,
  ]

  private static let shapes: [Broken] = objects.flatMap { type in
    [
      Broken(type, #"{"typo": 5}"#, "typo", "5"), Broken(type, #"{"typo": null}"#, "typo", "null"),
      Broken(type, #"{"typo": {"kind": "linear"}}"#, "typo", "{…}"),
      Broken(type, "[1, 2]", "document", "[…]"), Broken(type, "null", "document", "null"),
      Broken(type, #""3""#, "document", #""3""#),
    ]
  }

  private static let missing: [Broken] = [
    Broken(Backoff.self, "{}", "kind", "missing"),
    Broken(Backoff.self, #"{"kind": "linear"}"#, "base", "missing"),
    Broken(Backoff.self, #"{"kind": "custom"}"#, "delays", "missing"),
    Broken(CircuitBreakerPolicy.SlowCalls.self, "{}", "threshold", "missing"),
    Broken(CircuitBreakerPolicy.self, #"{"slowCalls": {}}"#, "slowCalls.threshold", "missing"),
    Broken(CircuitBreakerPolicy.self, #"{"window": {"slices": 3}}"#, "window", "{…}"),
    Broken(RateLimit.self, #"{"permits": 5}"#, "period", "missing"),
    Broken(Quota.self, #"{"period": "1s"}"#, "permits", "missing"),
  ]

  private static let wrongTypes: [Broken] = [
    Broken(RetryPolicy.self, #"{"maxAttempts": 2.5}"#, "maxAttempts", "2.5"),
    Broken(RetryPolicy.self, #"{"maxRetryAfter": 20}"#, "maxRetryAfter", "20"),
    Broken(RetryPolicy.self, #"{"backoff": "exponential"}"#, "backoff", #""exponential""#),
    Broken(RetryPolicy.self, #"{"backoff": {"kind": []}}"#, "backoff.kind", "[]"),
    Broken(
      RetryPolicy.self, #"{"backoff": {"kind": "custom", "delays": ["1s", 2]}}"#, "backoff.delays[1]", "2"),
    Broken(HedgePolicy.self, #"{"delay": 50}"#, "delay", "50"),
    Broken(HedgePolicy.self, #"{"delay": {"percentile": "95"}}"#, "delay.percentile", #""95""#),
    Broken(HedgePolicy.self, #"{"hedgesNonIdempotent": "yes"}"#, "hedgesNonIdempotent", #""yes""#),
    Broken(TimeLimit.self, "2", "document", "2"),
    Broken(CircuitBreakerPolicy.self, #"{"window": 100}"#, "window", "100"),
    Broken(CircuitBreakerPolicy.self, #"{"window": {"count": "9"}}"#, "window.count", #""9""#),
    Broken(CircuitBreakerPolicy.self, #"{"failureRate": "half"}"#, "failureRate", #""half""#),
    Broken(CircuitBreakerPolicy.self, #"{"slowCalls": true}"#, "slowCalls", "true"),
    Broken(RateLimit.self, #"{"unlimited": "yes"}"#, "unlimited", #""yes""#),
    Broken(Quota.self, #"{"permits": 5, "period": 1}"#, "period", "1"),
    Broken(AdaptiveThrottlePolicy.self, #"{"refusals": 1}"#, "refusals", "1"),
    Broken(BulkheadPolicy.self, #"{"limit": [20]}"#, "limit", "[…]"),
    Broken(BulkheadPolicy.self, #"{"limit": {"maximum": false}}"#, "limit.maximum", "false"),
    Broken(BulkheadPolicy.self, #"{"order": {}}"#, "order", "{}"),
    Broken(DeliveryPolicy.self, #"{"timeout": 5}"#, "timeout", "5"),
    Broken(EventBusPolicy.self, #"{"queueCapacity": 1e40}"#, "queueCapacity", "1e+40"),
    Broken(InboxPolicy.self, #"{"lease": "30 s"}"#, "lease", #""30 s""#),
    Broken(HealthCheckPolicy.self, #"{"jitter": "0.2"}"#, "jitter", #""0.2""#),
  ]

  private static let ranges: [Broken] = [
    Broken(RetryPolicy.self, #"{"maxAttempts": 0}"#, "maxAttempts", "0"),
    Broken(
      RetryPolicy.self, #"{"backoff": {"kind": "exponential", "multiplier": 0.5}}"#, "backoff.multiplier",
      "0.5"),
    Broken(
      DeliveryPolicy.self, #"{"backoff": {"kind": "exponential", "jitter": 2}}"#, "backoff.jitter", "2"),
    Broken(HedgePolicy.self, #"{"maxAttempts": 11}"#, "maxAttempts", "11"),
    Broken(HedgePolicy.self, #"{"delay": {"minimumSamples": 0}}"#, "delay.minimumSamples", "0"),
    Broken(TimeLimit.self, #""0ms""#, "document", #""0ms""#),
    Broken(CircuitBreakerPolicy.self, #"{"window": {"count": 70000}}"#, "window.count", "70000"),
    Broken(
      CircuitBreakerPolicy.self, #"{"slowCalls": {"threshold": "1s", "rate": 0}}"#, "slowCalls.rate", "0"),
    Broken(CircuitBreakerPolicy.self, #"{"openTime": "0s"}"#, "openTime", #""0s""#),
    Broken(RateLimit.self, #"{"permits": 5, "period": "1s", "burst": 0}"#, "burst", "0"),
    Broken(Quota.self, #"{"permits": 5, "period": "100000h"}"#, "period", #""100000h""#),
    Broken(AdaptiveThrottlePolicy.self, #"{"multiplier": 0.5}"#, "multiplier", "0.5"),
    Broken(BulkheadPolicy.self, #"{"limit": 0}"#, "limit", "0"),
    Broken(BulkheadPolicy.self, #"{"limit": {"minimum": 2000}}"#, "limit.minimum", "2000"),
    Broken(EventBusPolicy.self, #"{"deadLetterCapacity": 0}"#, "deadLetterCapacity", "0"),
    Broken(DeliveryPolicy.self, #"{"timeout": "0s"}"#, "timeout", #""0s""#),
    Broken(InboxPolicy.self, #"{"window": "0s"}"#, "window", #""0s""#),
    Broken(HealthCheckPolicy.self, #"{"jitter": 1.5}"#, "jitter", "1.5"),
    Broken(HealthCheckPolicy.self, #"{"maxFallShare": -1}"#, "maxFallShare", "-1"),
    Broken(SelfPreservation.self, #"{"window": "0s"}"#, "window", #""0s""#),
  ]

  @Test(arguments: shapes + missing + wrongTypes + ranges)
  func whatIsWrongIsNamed(broken: Broken) {
    let error = #expect(throws: InvalidSetting.self) {
      _ = try JSONDecoder().decode(broken.type, from: Data(broken.document.utf8))
    }
    #expect(error?.field == broken.field)
    #expect(error?.value == broken.value)
  }

  @Test func aPlaceWithinAListIsPartOfTheField() {
    let error = #expect(throws: InvalidSetting.self) {
      let text = #"{"inventory": [{}, {"maxAttempts": 0}]}"#
      _ = try JSONDecoder().decode([String: [RetryPolicy]].self, from: Data(text.utf8))
    }
    #expect(error?.field == "inventory[1].maxAttempts")
  }
}
