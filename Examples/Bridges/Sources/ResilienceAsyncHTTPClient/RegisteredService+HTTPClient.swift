public import AsyncHTTPClient
public import Resilience
public import ResilienceHTTPTypes

extension RegisteredService {
  /// A handler that sends each request to one of the service's instances, with layers of its own for each.
  ///
  /// ```swift
  /// let breakers = CircuitBreakers<String>("supplier")
  /// let budget = RetryBudget("supplier", reserve: 50)
  /// let stock = registry.service("supplier")
  ///   .calls(by: client) { call, instance in
  ///     call.timeout(.seconds(1)).circuitBreaker(breakers[instance.id])
  ///   }
  ///   .byMethod { $0.retry(RetryPolicy(), budget: budget).deadline(.seconds(3)) }
  ///
  /// let response = try await stock(HTTPClientRequest(url: "/stock/17"))
  /// ```
  ///
  /// An instance's address takes the place of the URL's scheme, host and port: `10.0.0.7:8080`,
  /// `https://10.0.0.7:8443/base`, `unix:/run/supplier.sock`. Without a scheme that of the URL holds, else
  /// `http`. The field `Host` is the address's unless the request has one.
  ///
  /// Each instance has its breaker. One around all of them, as a standard stack's, opens for all when half of
  /// the first requests go to the one of two that is down.
  ///
  /// - Parameters:
  ///   - client: Sends the requests.
  ///   - policy: How to choose, and whom to leave out. Default: power of two choices, leaving out instances
  ///     that fail while others do not.
  ///   - fields: What of the call's context goes along. Default: deadline and trace.
  ///   - maxBodyBytes: The most bytes of a response's body, which is then read within the call. Default:
  ///     `nil`, bodies are streamed.
  ///   - layers: Makes the layers of one instance.
  public func calls<Layered: Handler>(
    by client: HTTPClient, _ policy: BalancingPolicy = BalancingPolicy(outliers: OutlierPolicy()),
    fields: HTTPContextFields = HTTPContextFields(), maxBodyBytes: Int? = nil,
    _ layers: @escaping @Sendable (_ call: HTTPClientCall, _ instance: ServiceInstance) -> Layered
  ) -> BalancedHandler<Layered>
  where Layered.Input == HTTPClientRequest, Layered.Output == HTTPClientResponse {
    let name = name
    return balanced(policy) { instance in
      layers(client.call(name, to: instance, fields: fields, maxBodyBytes: maxBodyBytes), instance)
    }
  }
}
