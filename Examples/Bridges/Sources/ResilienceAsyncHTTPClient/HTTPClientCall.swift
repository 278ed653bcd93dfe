public import AsyncHTTPClient
public import Resilience

/// A handler that sends requests by an `HTTPClient`; made by `HTTPClient.call`.
public typealias HTTPClientCall = ClassifiedHandler<ServiceCall<HTTPClientRequest, HTTPClientResponse>>
