import HTTPTypes
import Resilience
import ResilienceHTTPTypes
import Testing

@Suite struct OutcomeTests {
  @Test(arguments: [
    (200, Outcome.success), (204, .success), (304, .success), (400, .success), (404, .success),
    (409, .success),
    (408, .failure), (421, .failure(.notProcessed)), (425, .failure(.notProcessed)),
    (500, .failure), (501, .failure(.doNotRetry)), (502, .failure), (504, .failure),
    (505, .failure(.doNotRetry)),
    (429, .failure(.retryAfter(.zero))), (503, .failure(.overloaded)), (599, .failure),
  ])
  func aStatusCounts(_ status: Int, as outcome: Outcome) {
    #expect(Outcome(of: HTTPResponse(status: .init(code: status))) == outcome)
  }

  @Test func retryAfterIsSecondsOrADate() {
    let now = UnixTime(nanoseconds: 1_445_412_470 * 1_000_000_000)
    let date = "Wed, 21 Oct 2015 07:28:00 GMT"
    #expect(
      Outcome(httpStatus: 503, retryAfter: "7", at: now) == .failure(.overloaded(retryAfter: .seconds(7))))
    #expect(Outcome(httpStatus: 429, retryAfter: date, at: now) == .failure(.retryAfter(.seconds(10))))
    #expect(Outcome(httpStatus: 429, retryAfter: "soon", at: now) == .failure(.retryAfter(.zero)))
  }

  @Test func oneClientsLimitOpensNoBreaker_andAnOverloadDoes() {
    let now = UnixTime(nanoseconds: 0)
    #expect(Outcome(httpStatus: 429, retryAfter: nil, at: now).verdictOnDestination == .neutral)
    #expect(Outcome(httpStatus: 503, retryAfter: "1", at: now).verdictOnDestination == .failure)
  }
}
