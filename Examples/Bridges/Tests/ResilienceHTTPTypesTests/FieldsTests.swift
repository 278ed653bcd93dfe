import HTTPTypes
import Resilience
import ResilienceHTTPTypes
import ResilienceTestKit
import Testing

@Suite struct FieldsTests {
  @Test(
    arguments: [
      ("250", Duration.milliseconds(250)), (" 0 ", .zero), ("", nil), ("-1", nil), ("1.5", nil), ("12s", nil),
      ("9999999999999999999", nil),
    ] as [(String, Duration?)])
  func millisecondsAreRead(_ text: String, _ remaining: Duration?) {
    #expect(DeadlineField.envoy.remaining(text) == remaining)
  }

  @Test(
    arguments: [
      ("250m", Duration.milliseconds(250)), ("3S", .seconds(3)), ("2M", .seconds(120)),
      ("1H", .seconds(3600)),
      ("5u", .microseconds(5)), ("9n", .nanoseconds(9)), ("99999999H", .nanoseconds(Int64.max)),
      ("123456789m", nil), ("5", nil),
      ("5x", nil), ("m", nil),
    ] as [(String, Duration?)])
  func grpcIsRead(_ text: String, _ remaining: Duration?) {
    #expect(DeadlineField.grpc.remaining(text) == remaining)
  }

  @Test(arguments: [
    Duration.nanoseconds(1), .microseconds(1500), .seconds(3), .seconds(1_000_000), .nanoseconds(Int64.max),
  ])
  func whatIsWrittenIsRead_andIsNoMore(_ remaining: Duration) throws {
    let grpc = try #require(DeadlineField.grpc.remaining(DeadlineField.grpc.value(for: remaining)))
    #expect(grpc <= remaining && grpc > remaining * 0.99)
    let envoy = try #require(DeadlineField.envoy.remaining(DeadlineField.envoy.value(for: remaining)))
    #expect(envoy <= max(remaining, .milliseconds(1)) && envoy >= .milliseconds(1))
  }

  @Test func theContextGoesOut_inPlaceOfAnother() async {
    let clock = ManualClock()
    await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      var fields: HTTPFields = [.traceparent: "00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-00"]
      fields[DeadlineField.envoy.fieldName] = "99999"
      var context = CallContext.current
      context.enterSpan(TraceIDs(traceHigh: 1, traceLow: 2, span: 3, flags: 1))
      HTTPContextFields().write(context, into: &fields)
      #expect(fields[.traceparent] == "00-00000000000000010000000000000002-0000000000000003-01")
      #expect(fields[DeadlineField.envoy.fieldName] == nil, "no deadline, none of another request's")

      context.tightenDeadline(to: Deadline(at: clock.now.advanced(by: .microseconds(2500))))
      HTTPContextFields().write(context, into: &fields)
      #expect(fields[DeadlineField.envoy.fieldName] == "2")
    }
  }

  @Test func ofSeveralDeadlinesTheShortestHolds_andNonsenseIsNone() {
    let fields = HTTPContextFields()
    let now = Instant(nanoseconds: 5)
    var request: HTTPFields = [:]
    #expect(fields.deadline(in: request, at: now).isNever)
    request[DeadlineField.envoy.fieldName] = "soon"
    #expect(fields.deadline(in: request, at: now).isNever)
    request.append(HTTPField(name: DeadlineField.envoy.fieldName, value: "40"))
    request.append(HTTPField(name: DeadlineField.envoy.fieldName, value: "30"))
    #expect(fields.deadline(in: request, at: now).instant == now.advanced(by: .milliseconds(30)))
    #expect(HTTPContextFields(deadline: nil).deadline(in: request, at: now).isNever)
  }

  @Test func limitsAreListed() {
    var fields: HTTPFields = [:]
    fields.set([
      RateLimitFields(name: "a", quota: 5, window: .seconds(1), available: 4, untilFull: .seconds(1)),
      RateLimitFields(name: "b", quota: 9, window: .seconds(60), available: 0, untilFull: .seconds(7)),
    ])
    fields.set(retryAfter: .milliseconds(1200))
    #expect(fields[.rateLimit] == #""a";r=4;t=1, "b";r=0;t=7"#)
    #expect(fields[.rateLimitPolicy] == #""a";q=5;w=1, "b";q=9;w=60"#)
    #expect(fields[.retryAfter] == "2")
  }

  @Test(arguments: [
    ("GET", false, true, HTTPRepeatability.idempotent), ("PUT", false, true, .idempotent),
    ("DELETE", false, true, .idempotent), ("POST", false, true, .nonIdempotent),
    ("PATCH", false, true, .nonIdempotent),
    ("POST", true, true, .idempotent), ("BREW", false, true, .nonIdempotent), ("PUT", false, false, .once),
    ("POST", true, false, .once),
  ])
  func aMethodSays(_ method: String, _ hasKey: Bool, _ isReplayable: Bool, _ repeatability: HTTPRepeatability)
    throws
  {
    var request = HTTPRequest(method: try #require(.init(method)), scheme: nil, authority: nil, path: "/")
    if hasKey { request.headerFields[.idempotencyKey] = "7" }
    #expect(HTTPRepeatability(of: request, isReplayable: isReplayable) == repeatability)
  }
}

extension DeadlineField {
  var fieldName: HTTPField.Name { HTTPField.Name(name) ?? .age }
}
