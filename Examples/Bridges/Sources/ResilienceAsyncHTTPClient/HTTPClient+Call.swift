public import AsyncHTTPClient
internal import NIOHTTP1
public import Resilience
public import ResilienceHTTPTypes

extension HTTPClient {
  /// Sending a request as a handler, which every layer of this toolkit can be applied to.
  ///
  /// ```swift
  /// let stock = client.call("supplier").httpStack(StandardStack("supplier"))
  ///
  /// let response = try await stock(HTTPClientRequest(url: "http://10.0.0.7:8080/stock/17"))
  /// ```
  ///
  /// The deadline of the call is the client's too, and goes along in a header field, as the trace does.
  ///
  /// A response counts by its status when its head is there: see
  /// `Outcome.init(httpStatus:retryAfter:at:)`. Its body is streamed, and what becomes of it counts nowhere,
  /// unless `maxBodyBytes` says that it is read within the call. The body of a response that counts as a
  /// failure is read within the call in any case if it is of up to 64 KiB by its `Content-Length`, so that
  /// the connection can be used again when nobody looks at it.
  ///
  /// Of the errors of the client those that prove that nothing was sent say so, and even a POST is tried
  /// again: see ``ResilienceHTTPTypes/HTTPRepeatability``. The client of
  /// ``Configuration/resilient(connect:)`` tells them at once. Any other, as the shared client, goes on
  /// connecting for ten seconds while a port refuses: it is given a tenth less time than the call has, 100 ms
  /// at most, since it tells of the refusal when its own time is up, and not when it is cancelled. One that
  /// follows redirects, as the shared client does too, proves nothing: the error may be that of the second
  /// request.
  ///
  /// - Parameters:
  ///   - name: The destination, for errors, events and spans. Default: unnamed.
  ///   - instance: Where requests go, whatever host and port their URLs have. Default: where the URL says.
  ///   - fields: What of the call's context goes along. Default: deadline and trace.
  ///   - maxBodyBytes: The most bytes of a response's body, which is then read within the call, so that time
  ///     limits, retries and breakers hold for it; a longer one throws `NIOTooManyBytesError`. Default:
  ///     `nil`, bodies are streamed.
  public func call(
    _ name: String = "", to instance: ServiceInstance? = nil,
    fields: HTTPContextFields = HTTPContextFields(), maxBodyBytes: Int? = nil
  ) -> HTTPClientCall {
    let traits = ClientTraits(self)
    let sender = RequestSender(
      client: self, connectsAgain: traits.connectsAgain, target: instance.map(InstanceURL.init),
      fields: fields, maxBodyBytes: maxBodyBytes)
    return ServiceCall(name) { (request: HTTPClientRequest, context: CallContext) in
      try await sender.send(request, context)
    }
    .classify { result in
      switch result {
      case .success(let response): Outcome(of: response)
      case .failure(let error): Outcome(ofSending: error, followsRedirects: traits.followsRedirects)
      }
    }
  }
}
