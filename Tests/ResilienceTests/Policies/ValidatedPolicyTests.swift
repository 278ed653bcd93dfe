import Foundation
import Resilience
import Testing

/// Values that come from outside a document are refused as those of a document are.
@Suite struct ValidatedPolicyTests {
  /// Values that no policy has, and a document that says the same.
  struct Refused: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let fault: InvalidSetting?
    let documents: InvalidSetting?

    init<Policy: Decodable>(
      _ type: Policy.Type, _ json: String, _ make: () throws -> Policy
    ) {
      testDescription = "\(type) \(json)"
      do {
        _ = try make()
        fault = nil
      } catch {
        fault = error as? InvalidSetting
      }
      do {
        _ = try JSONDecoder().decode(Policy.self, from: Data(json.utf8))
        documents = nil
      } catch {
        documents = error as? InvalidSetting
      }
    }
  }

  static let all: [Refused] = [
    Refused(RetryPolicy.self, #"{"maxAttempts":0}"#) {
      try .validated(maxAttempts: 0)
    },
    Refused(HedgePolicy.self, #"{"maxAttempts":11}"#) {
      try .validated(maxAttempts: 11)
    },
    Refused(HedgeDelay.self, #"{"percentile":12}"#) {
      try .validatedLearned(percentile: 12)
    },
    Refused(HedgeDelay.self, #"{"atMost":"0s"}"#) {
      try .validatedLearned(atMost: .zero)
    },
    Refused(CircuitBreakerPolicy.self, #"{"window":{"count":0}}"#) {
      try .validated(window: .count(0))
    },
    Refused(CircuitBreakerPolicy.self, #"{"failureRate":null}"#) {
      try .validated(failureRate: nil)
    },
    Refused(CircuitBreakerPolicy.self, #"{"openTime":"5s","maxOpenTime":"1s"}"#) {
      try .validated(openTime: .seconds(5), maxOpenTime: .seconds(1))
    },
    Refused(CircuitBreakerPolicy.self, #"{"halfOpenPermits":1025}"#) {
      try .validated(halfOpenPermits: 1025)
    },
    Refused(Backoff.self, #"{"kind":"exponential","base":"9s","cap":"1s"}"#) {
      try .validatedExponential(base: .seconds(9), cap: .seconds(1))
    },
    Refused(Backoff.self, #"{"kind":"exponential","multiplier":0.5}"#) {
      try .validatedExponential(multiplier: 0.5)
    },
    Refused(Backoff.self, #"{"kind":"linear","base":"2s","cap":"1s"}"#) {
      try .validatedLinear(base: .seconds(2), cap: .seconds(1))
    },
    Refused(Backoff.self, #"{"kind":"decorrelated","base":"2s","cap":"1s"}"#) {
      try .validatedDecorrelated(base: .seconds(2), cap: .seconds(1))
    },
    Refused(Backoff.self, #"{"kind":"custom","delays":[]}"#) {
      try .validatedCustom([])
    },
  ]

  @Test(arguments: all)
  func theFaultIsThatOfTheDocument(refused: Refused) throws {
    let (fault, documents) = (try #require(refused.fault), try #require(refused.documents))
    #expect(fault.field == documents.field)
    // A document spells "as many as it takes" otherwise.
    let requirement = documents.requirement.replacing("\"unlimited\"", with: "Int.max")
    #expect(fault.requirement == requirement)
  }

  /// What no document can say.
  @Test func whatIsNegativeOrNoNumberIsRefused() {
    let attempts: [() throws -> Void] = [
      { _ = try RetryPolicy.validated(maxRetryAfter: .seconds(-1)) },
      { _ = try TimeLimit.validated(.zero) },
      { _ = try TimeLimit.validated(.seconds(-1)) },
      { _ = try HedgeDelay.validatedFixed(.seconds(-1)) },
      { _ = try Backoff.validatedConstant(.seconds(-1)) },
      { _ = try Backoff.validatedConstant(.seconds(1), jitter: .proportional(1.5)) },
      { _ = try Backoff.validatedConstant(.seconds(1), jitter: .proportional(.nan)) },
      { _ = try Backoff.validatedLinear(base: .seconds(1), increment: .seconds(-1)) },
      { _ = try Backoff.validatedExponential(base: .seconds(-1)) },
      { _ = try Backoff.validatedExponential(multiplier: .infinity) },
      { _ = try Backoff.validatedExponential(multiplier: .nan) },
      { _ = try Backoff.validatedCustom([.seconds(1), .seconds(-1)]) },
      { _ = try CircuitBreakerPolicy.validated(failureRate: .nan) },
      { _ = try CircuitBreakerPolicy.validated(openTime: .seconds(-1)) },
    ]
    for (index, attempt) in attempts.enumerated() {
      #expect(throws: InvalidSetting.self, "\(index)") { try attempt() }
    }
  }

  @Test func whatIsValidIsAsTheInitialiserMakesIt() throws {
    #expect(try RetryPolicy.validated() == RetryPolicy())
    #expect(try RetryPolicy.validated(maxAttempts: .max) == RetryPolicy(maxAttempts: .max))
    #expect(try HedgePolicy.validated() == HedgePolicy())
    #expect(try HedgeDelay.validatedFixed(.zero) == .fixed(.zero))
    #expect(try HedgeDelay.validatedLearned() == .learned())
    #expect(try CircuitBreakerPolicy.validated() == CircuitBreakerPolicy())
    #expect(
      try CircuitBreakerPolicy.validated(window: .count(7), openTime: .seconds(3))
        == CircuitBreakerPolicy(window: .count(7), openTime: .seconds(3)))
    #expect(try TimeLimit.validated(.seconds(1)) == TimeLimit(.seconds(1)))
    #expect(try Backoff.validatedConstant(.seconds(1)) == .constant(.seconds(1)))
    #expect(try Backoff.validatedLinear(base: .seconds(1)) == .linear(base: .seconds(1)))
    #expect(try Backoff.validatedExponential() == .exponential())
    #expect(try Backoff.validatedDecorrelated() == .decorrelated())
    #expect(try Backoff.validatedCustom([.seconds(1)]) == .custom([.seconds(1)]))
  }
}
