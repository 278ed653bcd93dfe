// The code of Troubleshooting.md, compiled.

import Resilience

func troubleshootingPage() -> some Handler<Order, Response> {
  let parcel = ServiceCall("shipping") { (order: Order) in try await http.post(order) }
    .classify { result in
      if case .success(let response) = result, response.status >= 500 { return .failure }
      return nil
    }
  return parcel
}
