// The code of DeadlinesAndBudgets.md, compiled.

import Resilience

private struct Shop: Sendable {
  func stock(of sku: String) async throws -> Int { 1 }
  func reserve(_ sku: String) async throws {}
}

private func search(_ user: Int) async throws {}
private func recommend(_ user: Int) async throws -> [String] { [] }

func deadlinesPage() async throws -> [String] {
  let page = ServiceCall("page") { (user: Int) in
    try await search(user)  // begins with what is left of the three seconds
    return try await recommend(user)
  }
  .deadline(.seconds(3))
  return try await page(1)
}

func budgetsPage() async throws {
  let inventory = Shop()
  let budget = RetryBudget("inventory")

  let stock = ServiceCall("stock") { (sku: String) in try await inventory.stock(of: sku) }
    .retry(budget: budget)
  let reserve = ServiceCall("reserve") { (sku: String) in try await inventory.reserve(sku) }
    .retry(budget: budget)  // the same destination, the same budget
  _ = try await stock("mug")
  try await reserve("mug")
}
