public import ResilienceCore

/// Sends spans to an OpenTelemetry collector as OTLP/JSON, over a transport of yours.
///
/// The transport is a handler, so everything that makes calls survive failure applies to it:
///
/// ```swift
/// let collector = ServiceCall("collector") { (request: OTLPRequest) in
///   try await http.post(request.body, to: address + request.path, contentType: request.contentType)
/// }
/// .classify { if case .success(let response) = $0, response.status != 200 { .failure } else { nil } }
/// .timeout(.seconds(10))
/// .retry(RetryPolicy(maxAttempts: 5))
///
/// let reporter = SpanReporter(to: OTLPExporter(collector))
/// ```
///
/// Do not trace it with the tracer that it reports for: every report would cause another.
public struct OTLPExporter<Transport: Handler>: SpanExporter where Transport.Input == OTLPRequest {
  /// What sends the requests.
  public let transport: Transport

  /// What writes them.
  public let encoder: OTLPEncoder

  /// Creates an exporter.
  ///
  /// - Parameters:
  ///   - transport: What sends the requests. A value that it classifies as a failure costs the batch, as an
  ///     error does.
  ///   - resource: What is known of the process, such as `service.version`. Default: nothing.
  public init(_ transport: Transport, resource: [EventAttribute] = []) {
    self.transport = transport
    encoder = OTLPEncoder(resource: resource)
  }

  /// Sends one batch.
  ///
  /// - Throws: What the transport throws; ``OTLPRefused`` for an answer that it classifies as a failure.
  public func export(_ batch: SpanBatch) async throws {
    let request = OTLPRequest(body: encoder.encode(batch), spanCount: batch.spans.count)
    let answer = try await transport.perform(request, in: .current)
    if transport.outcome(ofValue: answer).verdict == .failure { throw OTLPRefused(answer: "\(answer)") }
  }
}
