// The code of ResilienceTimeout.md, compiled.

import Resilience

private struct Renderer: Sendable {
  func page(of product: String) async throws -> String { product }
}

func timeoutPage() async throws -> String {
  let renderer = Renderer()
  let page = ServiceCall("render") { (product: String) in try await renderer.page(of: product) }
    .timeout(.seconds(1))
    .retry()
    .deadline(.seconds(3))
  return try await page("mug")
}
