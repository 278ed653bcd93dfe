// The code of Cookbook.md, compiled and run: CookbookTests compares what each prints with the page.

import Foundation
import Resilience
import ResilienceTestKit

enum Cookbook {
  static let callRecipes: [@Sendable () async throws -> Void] = [
    retry, classify, breaker, deadline, fallback, customers, quota, bulkhead,
  ]

  @Sendable static func retry() async throws {
    struct Unavailable: Error {}
    let inventory = ScriptedHandler<String, Int>("inventory", [.fail(Unavailable()), .succeed(7)])

    let stock = inventory.retry()
    print(try await stock("mug"), "after", inventory.callCount, "attempts")
  }

  @Sendable static func classify() async throws {
    let catalogue = ScriptedHandler<String, Int>("catalogue", [.succeed(503), .succeed(404)])

    let get = catalogue.classify { result in
      if case .success(let status) = result, status >= 500 { .failure } else { nil }
    }
    .retry { event in print(event.name) }
    print(try await get("/mugs"))
  }

  @Sendable static func breaker() async throws {
    struct Down: Error {}
    let database = ScriptedHandler<Int, String>("database", [.fail(Down())], afterwards: .repeatLast)
    let breaker = CircuitBreaker("database", policy: CircuitBreakerPolicy(consecutiveFailures: 3))

    let query = database.circuitBreaker(breaker)
    for number in 1...10 { _ = await query.result(of: number) }
    print(database.callCount, "of 10 were sent")

    do {
      _ = try await query(11)
    } catch let open as CircuitOpen {
      print(open.breaker, "is open since", open.lastFailure ?? "nothing")
    }
  }

  @Sendable static func deadline() async throws {
    let slow = ScriptedHandler<Void, String>(
      "report", [.delay(.seconds(10), then: .succeed("done"))], afterwards: .repeatLast)

    let report = slow.timeout(.seconds(1)).retry(maxAttempts: 3, backoff: .none).deadline(.milliseconds(2500))
    do {
      print(try await report())
    } catch let timedOut as TimedOut {
      print(timedOut)
    }
    print(slow.callCount, "attempts")
  }

  @Sendable static func fallback() async throws {
    struct Down: Error {}
    let recommendations = ScriptedHandler<Int, [String]>("recommendations", [.fail(Down())])
    let bestsellers = ["mug", "lamp"]

    let suggest = recommendations.fallback { user, result in
      print("user", user, "gets the bestsellers")
      return bestsellers
    }
    print(try await suggest(7))
  }

  @Sendable static func customers() async throws {
    let limiter = KeyedRateLimiter<String>("api", limit: .perSecond(2))
    try limiter.setLimit(.perSecond(100), forKey: "carol")  // who has paid for more

    let api = ServiceCall("api") { (customer: String) in "hello \(customer)" }
      .rateLimit(limiter, by: { $0 })
    for customer in ["alice", "carol"] {
      var answered = 0
      for _ in 1...5 where (try? await api(customer)) != nil { answered += 1 }
      print(customer, answered)
    }
  }

  @Sendable static func quota() async throws {
    let maps = QuotaLimiter("maps", quotas: [.perSecond(5), Quota(8, each: .day)])

    let locate = ServiceCall("locate") { (city: String) in city.count }.rateLimit(maps)
    for city in ["Oslo", "Rome", "Lima", "Bern", "Kyiv", "Riga"] {
      if case .failure(let error as RateLimited) = await locate.result(of: city) { print(city, "-", error) }
    }
    try await Task.sleep(for: .seconds(2))
    for city in ["Riga", "Cairo", "Quito", "Hanoi"] {
      if case .failure(let error as RateLimited) = await locate.result(of: city) { print(city, "-", error) }
    }
  }

  @Sendable static func bulkhead() async throws {
    let printer = ServiceCall("printer") { (page: Int) in
      try await Task.sleep(for: .seconds(1))
      return page
    }
    .bulkhead(Bulkhead("printer", limit: 2, maxWaiting: 3))

    let done = await withTaskGroup { pages in
      for page in 1...10 { pages.addTask { (try? await printer(page)) != nil } }
      return await pages.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    print(done, "of 10 were printed, two at a time; the others were refused at once")
  }
}
