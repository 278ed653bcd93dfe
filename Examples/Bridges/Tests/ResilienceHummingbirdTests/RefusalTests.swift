import HTTPTypes
import Hummingbird
import HummingbirdTesting
import ResilienceHummingbird
import ResilienceTestKit
import Testing

@Suite struct RefusalTests {
  private struct Broken: Error {}

  private static let now = Instant(nanoseconds: 0)

  @Test(
    arguments: [
      (TimedOut(limit: .seconds(1)), 504, nil), (DeadlineExceeded(overdue: .zero), 504, nil),
      (
        RateLimited(
          limiter: "mail", reason: .noPermit, retryAt: now.advanced(by: .milliseconds(1500)), at: now), 503,
        "2"
      ),
      (BulkheadFull(bulkhead: "db", reason: .noRoom, limit: 1, waiting: 0), 503, nil),
      (Broken(), 500, nil), (HTTPError(.notFound), 404, nil),
    ] as [(any Error, Int, String?)])
  func anErrorIsAnswered(_ error: any Error, _ status: Int, _ retryAfter: String?) async throws {
    let response = try await answer(to: error, RefusalMiddleware())
    #expect(response.status.code == status)
    #expect(response.headers[.retryAfter] == retryAfter)
  }

  @Test func aGatewaySaysThatItWasNotItself() async throws {
    #expect(try await answer(to: Broken(), RefusalMiddleware(otherwise: .badGateway)).status == .badGateway)
    #expect(
      try await answer(to: HTTPError(.notFound), RefusalMiddleware(otherwise: .badGateway)).status
        == .notFound)
  }

  private func answer(
    to error: any Error, _ middleware: RefusalMiddleware<BasicRequestContext>
  ) async throws -> TestResponse {
    let router = Router()
    router.add(middleware: middleware)
    router.get("/") { _, _ -> String in throw error }
    return try await CallContext.withEnvironment(CallEnvironment(clock: ManualClock(now: Self.now))) {
      try await Application(router: router).test(.router) { try await $0.execute(uri: "/", method: .get) }
    }
  }
}
