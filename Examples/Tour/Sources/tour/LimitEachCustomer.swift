import Resilience

// Each customer has a bucket of tokens: a burst of three, and ten more in each second. One who has paid for
// more has a limit of their own.

struct Request: Sendable {
  let customer: String
}

func limitEachCustomer(say: @escaping Say) async throws {
  let limiter = KeyedRateLimiter<String>("api", limit: RateLimit(10, per: .seconds(1), burst: 3))
  try limiter.setLimit(.perSecond(1000), forKey: "carol")

  let handle = ServiceCall("api") { (request: Request) in "hello \(request.customer)" }
    .rateLimit(limiter, by: { $0.customer })

  for customer in ["alice", "bob", "carol"] {
    var answers = 0
    for _ in 1...5 {
      switch await handle.result(of: Request(customer: customer)) {
      case .success: answers += 1
      case .failure(let error as RateLimited): say("\(customer): 429, \(error)")
      case .failure(let error): throw error
      }
    }
    say("\(customer): \(answers) of 5 answered")
  }
}
