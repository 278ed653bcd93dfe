public import AsyncHTTPClient
public import Resilience
public import ResilienceHTTPTypes

extension RegisteredService {
  /// A handler that sends each request to one of the service's instances.
  ///
  /// ```swift
  /// let stock = registry.service("supplier").calls(by: client).httpStack(StandardStack("supplier"))
  ///
  /// let response = try await stock(HTTPClientRequest(url: "/stock/17"))
  /// ```
  ///
  /// An instance's address takes the place of the URL's scheme, host and port: `10.0.0.7:8080`,
  /// `https://10.0.0.7:8443/base`, `unix:/run/supplier.sock`. Without a scheme that of the URL holds, else
  /// `http`. The field `Host` is the address's unless the request has one.
  ///
  /// - Parameters:
  ///   - client: Sends the requests.
  ///   - policy: How to choose, and whom to leave out. Default: power of two choices, leaving out instances
  ///     that fail while others do not.
  ///   - fields: What of the call's context goes along. Default: deadline and trace.
  ///   - maxBodyBytes: The most bytes of a response's body, which is then read within the call. Default:
  ///     `nil`, bodies are streamed.
  public func calls(
    by client: HTTPClient, _ policy: BalancingPolicy = BalancingPolicy(outliers: OutlierPolicy()),
    fields: HTTPContextFields = HTTPContextFields(), maxBodyBytes: Int? = nil
  ) -> BalancedHandler<HTTPClientCall> {
    let name = name
    return balanced(policy) { instance in
      client.call(name, to: instance, fields: fields, maxBodyBytes: maxBodyBytes)
    }
  }
}
