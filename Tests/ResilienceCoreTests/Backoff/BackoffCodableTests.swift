import Foundation
import ResilienceCore
import Testing

@Suite struct BackoffCodableTests {
  private func decode(_ text: String) throws -> Backoff {
    try JSONDecoder().decode(Backoff.self, from: Data(text.utf8))
  }

  @Test(arguments: [
    Backoff.none, .constant(.seconds(90), jitter: .equal), .linear(base: .milliseconds(1)),
    .linear(base: .zero, increment: .microseconds(7), cap: .seconds(3600), jitter: .proportional(0.25)),
    .exponential(), .exponential(base: .nanoseconds(1), cap: .nanoseconds(Int64.max), multiplier: 1.1),
    .decorrelated(base: .seconds(120)), .custom([.zero, .seconds(5)], jitter: .none),
  ])
  func whatIsWrittenIsRead(backoff: Backoff) throws {
    #expect(try JSONDecoder().decode(Backoff.self, from: JSONEncoder().encode(backoff)) == backoff)
  }

  @Test(arguments: [
    (#"{"kind": "exponential"}"#, Backoff.exponential()),
    (
      #"{"kind": "exponential", "base": "20ms", "cap": "2min", "multiplier": 1.5, "jitter": "equal"}"#,
      .exponential(base: .milliseconds(20), cap: .seconds(120), multiplier: 1.5, jitter: .equal)
    ),
    (#"{"kind": "constant", "base": "0s", "jitter": "none"}"#, .none),
    (#"{"kind": "linear", "base": "100us"}"#, .linear(base: .microseconds(100))),
    (#"{"kind": "decorrelated", "base": "5ns"}"#, .decorrelated(base: .nanoseconds(5))),
    (#"{"kind": "exponential", "base": "2min"}"#, .exponential(base: .seconds(120), cap: .seconds(120))),
    (
      #"{"kind": "custom", "delays": ["1s", "5s", "1h"], "jitter": 0.2}"#,
      .custom([.seconds(1), .seconds(5), .seconds(3600)], jitter: .proportional(0.2))
    ),
  ])
  func aPersonCanWriteOne(text: String, backoff: Backoff) throws {
    #expect(try decode(text) == backoff)
  }

  @Test func whatIsWrittenCanBeReadByAPerson() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(
      String(decoding: try encoder.encode(Backoff.exponential()), as: UTF8.self)
        == #"{"base":"50ms","cap":"20s","jitter":"full","kind":"exponential","multiplier":2}"#)
  }

  @Test(arguments: [
    (#"{"kind": "fibonacci"}"#, "kind", "\"fibonacci\""),
    (#"{"kind": "exponential", "multiplier": 0.5}"#, "multiplier", "0.5"),
    (#"{"kind": "constant", "base": "-5s"}"#, "base", "\"-5s\""),
    (#"{"kind": "constant", "base": "5 s"}"#, "base", "\"5 s\""),
    (#"{"kind": "constant", "base": "s"}"#, "base", "\"s\""),
    (#"{"kind": "constant", "base": "9000000000000h"}"#, "base", "\"9000000000000h\""),
    (#"{"kind": "constant", "base": "1s", "jitter": 1.5}"#, "jitter", "1.5"),
    (#"{"kind": "constant", "base": "1s", "jitter": "some"}"#, "jitter", "\"some\""),
    (#"{"kind": "custom", "delays": []}"#, "delays", "[]"),
    (#"{"kind": "custom", "delays": ["1s", "2"]}"#, "delays[1]", "\"2\""),
    (#"{"kind": "custom", "delays": "1s"}"#, "delays", "\"1s\""),
    (#"{"kind": "custom"}"#, "delays", "missing"),
    (#"{"kind": "constant"}"#, "base", "missing"),
    (#"{"kind": "constant", "base": 5}"#, "base", "5"),
    (#"{"kind": 5}"#, "kind", "5"),
    (#"{"base": "5s"}"#, "kind", "missing"),
    (#"{"kind": "constant", "base": "1s", "cap": "5s"}"#, "cap", "\"5s\""),
    (#"{"kind": "decorrelated", "jitter": "full"}"#, "jitter", "\"full\""),
    (#"{"kind": "exponential", "max": "5s"}"#, "max", "\"5s\""),
    (#"{"kind": "exponential", "base": "5s", "cap": "4s"}"#, "cap", "\"4s\""),
    (#"{"kind": "exponential", "cap": "49ms"}"#, "cap", "\"49ms\""),
    (#"{"kind": "linear", "base": "5s", "cap": "0s"}"#, "cap", "\"0s\""),
    (#"{"kind": "decorrelated", "base": "9223372036854775807ns", "cap": "1h"}"#, "cap", "\"1h\""),
  ])
  func anImpossibleValueIsNamed(text: String, field: String, value: String) throws {
    let error = #expect(throws: InvalidSetting.self) { try decode(text) }
    #expect(error?.field == field)
    #expect(error?.value == value)
    #expect(error?.description.contains("\(field) must be ") == true)
  }
}
