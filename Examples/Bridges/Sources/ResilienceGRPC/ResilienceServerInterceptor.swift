public import GRPCCore
public import ResilienceCore
public import ResilienceTrace

/// Has each RPC that a server answers go by what its caller said: the deadline by `grpc-timeout`, the trace
/// by `traceparent`, the baggage; and says in the trailers when the caller may come again after a refusal.
///
/// ```swift
/// let server = GRPCServer(
///   transport: transport, services: [greeter], interceptors: [ResilienceServerInterceptor(tracer: tracer)])
/// ```
///
/// The calls that the service makes are children of the RPC's span, and end with the caller's patience. A
/// `Rejection` of a layer (a limit, a full bulkhead, an open breaker) that the service lets out is
/// `resourceExhausted` for a limit and `unavailable` for what else refuses, with `grpc-retry-pushback-ms`:
/// when it is worth while, or `-1` for not at all. A deadline that has passed is `deadlineExceeded`.
public struct ResilienceServerInterceptor: ServerInterceptor {
  private let tracer: CallTracer?
  private let propagator: any ContextPropagator

  /// Creates an interceptor.
  ///
  /// - Parameters:
  ///   - tracer: Makes a span of each RPC, of the kind `server`. Default: none; the trace goes on all the
  ///     same.
  ///   - propagator: Reads trace and baggage. Default: W3C's formats.
  public init(tracer: CallTracer? = nil, propagator: any ContextPropagator = CompositePropagator.w3c) {
    self.tracer = tracer
    self.propagator = propagator
  }

  /// Answers the RPC in its caller's context.
  ///
  /// - Throws: `RPCError` in the place of a `Rejection`; else what the service throws.
  public func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingServerRequest<Input>, context: ServerContext,
    next:
      @concurrent @Sendable (StreamingServerRequest<Input>, ServerContext) async throws ->
      StreamingServerResponse<Output>
  ) async throws -> StreamingServerResponse<Output> {
    try await propagator.withExtracted(from: request.metadata, through: .metadata) {
      let rpc = ServedRPC(context.descriptor.fullyQualifiedMethod, request.metadata, tracer)
      var response = try await rpc.run(isLast: false) { try await next(request, context) }
      switch response.accepted {
      case .failure(let error):
        rpc.end(error)
      case .success(var contents):
        let producer = contents.producer
        // It runs when this function has returned, and the baggage is no longer bound.
        let baggage = CallContext.baggage
        contents.producer = { writer in
          try await CallContext.withBaggage(baggage) {
            try await rpc.run(isLast: true) { try await producer(writer) }
          }
        }
        response.accepted = .success(contents)
      }
      return response
    }
  }
}
