import GRPCCore
import ResilienceCore
import Testing

@testable import ResilienceGRPC

@Suite struct ClassificationTests {
  @Test(arguments: [
    (RPCError.Code.unavailable, Verdict.failure, Verdict.failure, false),
    (.resourceExhausted, .failure, .failure, true), (.deadlineExceeded, .failure, .failure, true),
    (.unknown, .failure, .failure, true), (.internalError, .failure, .failure, true),
    (.aborted, .neutral, .neutral, false), (.notFound, .success, .success, false),
    (.invalidArgument, .success, .success, false), (.unauthenticated, .success, .success, false),
  ])
  func aCodeHasItsOutcome(
    code: RPCError.Code, verdict: Verdict, onDestination: Verdict, isFinal: Bool
  ) {
    let outcome = Outcome(RPCError(code: code, message: ""))
    #expect(outcome.verdict == verdict)
    #expect(outcome.verdictOnDestination == onDestination)
    #expect(outcome.pushback.doNotRetry == isFinal)
  }

  @Test func aPushbackIsALimitOrAnOverload() {
    let limited = Outcome(
      RPCError(code: .resourceExhausted, message: "", metadata: ["grpc-retry-pushback-ms": "250"]))
    #expect(limited == .failure(.retryAfter(.milliseconds(250))))
    #expect(limited.verdictOnDestination == .neutral)
    let overloaded = Outcome(
      RPCError(code: .unavailable, message: "", metadata: ["grpc-retry-pushback-ms": "250"]))
    #expect(overloaded == .failure(.overloaded(retryAfter: .milliseconds(250))))
  }

  @Test(arguments: ["-1", "soon", ""]) func whatIsNoDelayMeansNotAtAll(text: String) {
    let outcome = Outcome(
      RPCError(code: .unavailable, message: "", metadata: ["grpc-retry-pushback-ms": .string(text)]))
    #expect(outcome == .failure(.doNotRetry))
  }

  @Test func otherErrorsCountAsTheyDo() {
    struct Lost: Error {}
    let call = ServiceCall("hello") { (_: Void) in }.classifyingGRPC()
    #expect(call.outcome(ofError: Lost()) == .failure)
    #expect(call.outcome(ofError: RPCError(code: .notFound, message: "")) == .success)
  }

  @Test(arguments: [
    ("1n", Duration.nanoseconds(1)), ("20u", .microseconds(20)), ("300m", .milliseconds(300)),
    ("5S", .seconds(5)),
    ("2M", .seconds(120)), ("1H", .seconds(3600)), ("99999999n", .nanoseconds(99_999_999)),
  ])
  func aTimeoutIsRead(text: String, duration: Duration) {
    #expect(GRPCTimeout(text)?.duration == duration)
  }

  @Test(arguments: ["", "S", "5", "5s", "-5S", "123456789S", "5 S", "５S", "1.5S"])
  func whatIsNoTimeoutIsNone(text: String) {
    #expect(GRPCTimeout(text) == nil)
  }

  @Test(arguments: [
    (Duration.seconds(3), "3000000u"), (.nanoseconds(17), "17n"), (.seconds(1_000), "1000000m"),
    (.seconds(1_000_000), "1000000S"), (.milliseconds(1) / 3, "333333n"), (.seconds(-1), "0n"),
    (.nanoseconds(Int64.max), "2562047H"),
  ])
  func aTimeoutIsWrittenInTheFinestUnitThatHasRoom(duration: Duration, text: String) {
    #expect(GRPCTimeout(duration).text == text)
  }
}
