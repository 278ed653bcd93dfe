// The code of ResilienceCore.md, compiled.

import Resilience

private struct UnknownProduct: Error {}

func corePage() async throws -> Int {
  let stock = ServiceCall("inventory") { (sku: String) in try await inventory.stock(of: sku) }
    .classify { result in
      if case .failure(let error) = result, error is UnknownProduct { return .success }  // an answer
      return nil  // as usual
    }

  let count = try await stock("mug")
  return count
}
