import Resilience

// A call that fails in the ways of HTTP: what is worth another attempt is said once, where the call is made.

struct Response: Sendable {
  let status: Int
  var retryAfter: Duration?
}

/// A server that is overloaded, then broken, then well.
actor FlakyServer {
  private var answers = [
    Response(status: 503, retryAfter: .milliseconds(50)), Response(status: 500), Response(status: 200),
  ]

  func get(_ path: String) -> Response {
    path == "/missing" ? Response(status: 404) : answers.removeFirst()
  }
}

func retryAnHTTPCall(say: @escaping Say) async throws {
  let server = FlakyServer()

  let get = ServiceCall("catalogue") { (path: String) in await server.get(path) }
    .classify { result in
      switch result {
      case .success(let response) where response.status == 503:
        .failure(.overloaded(retryAfter: response.retryAfter))
      case .success(let response) where response.status >= 500: .failure
      default: nil  // a 404 is an answer: asking again would not change it
      }
    }
    .retry(RetryPolicy(maxAttempts: 4, backoff: .exponential(base: .milliseconds(20), cap: .seconds(1)))) {
      event in
      say(event.name)
    }
    .deadline(.seconds(5))

  say("\(get)")
  say("/products: \(try await get("/products").status)")
  say("/missing: \(try await get("/missing").status)")
}
