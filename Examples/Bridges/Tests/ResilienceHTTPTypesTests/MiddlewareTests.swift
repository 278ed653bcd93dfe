import HTTPTypes
import Resilience
import ResilienceHTTPTypes
import Synchronization
import Testing

@Suite struct MiddlewareTests {
  private let middleware = HTTPMiddleware<String, String>("petstore") { call in
    call.byMethod { $0.retry(RetryPolicy(maxAttempts: 3, backoff: .constant(.zero))) }
  }

  @Test func aFailureIsSentAgain_asTheMethodAllows() async throws {
    #expect(try await attempts(.get) == 3)
    #expect(try await attempts(.post) == 1)
    #expect(try await attempts(.post, [.idempotencyKey: "7"]) == 3)
  }

  @Test func aBodyIsSentAgainOnlyIfItCanBe() async throws {
    #expect(try await attempts(.put, body: "pet", isReplayable: nil) == 1)
    #expect(try await attempts(.put, body: "pet", isReplayable: true) == 3)
    #expect(try await attempts(.put, body: "pet", isReplayable: false) == 1)
  }

  @Test func whatWasNotProcessedIsSentAgain_whateverTheMethod() async throws {
    #expect(try await attempts(.post, status: 425) == 3)
  }

  @Test func theStackIsTheDestinationsOwn() async throws {
    let stack = StandardStack("petstore")
    let middleware = HTTPMiddleware<String, String>(stack)
    for method in [HTTPRequest.Method.get, .post] {
      _ = try await middleware.intercept(
        HTTPRequest(method: method, scheme: nil, authority: nil, path: "/pets"), body: nil,
        baseURL: "http://pets",
        operationID: "listPets"
      ) { request, body, _ in
        #expect(
          request.headerFields[values: HTTPField.Name("x-envoy-expected-rq-timeout-ms") ?? .age].count == 1)
        return (HTTPResponse(status: .ok), body)
      }
    }
    #expect(stack.circuitBreaker.snapshot().successes == 2)
  }

  private func attempts(
    _ method: HTTPRequest.Method, _ fields: HTTPFields = [:], body: String? = nil, isReplayable: Bool? = nil,
    status: Int = 500
  ) async throws -> Int {
    let count = Atomic(0)
    let request = HTTPRequest(
      method: method, scheme: nil, authority: nil, path: "/pets", headerFields: fields)
    let (response, _) = try await middleware.intercept(
      request, body: body, baseURL: "http://pets", isReplayable: isReplayable
    ) { _, received, base in
      #expect(received == body && base == "http://pets")
      count.add(1, ordering: .relaxed)
      return (HTTPResponse(status: .init(code: status)), nil)
    }
    #expect(response.status.code == status)
    return count.load(ordering: .relaxed)
  }
}
