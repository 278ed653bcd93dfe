public import GRPCCore
public import ResilienceCore
public import ResilienceTrace

/// Writes what a call knows of itself into the metadata of each RPC: the time that is left as `grpc-timeout`,
/// the trace as `traceparent` and `tracestate`, and what services tell those downstream as `baggage`.
///
/// ```swift
/// let client = GRPCClient(transport: transport, interceptors: [ResilienceClientInterceptor()])
///
/// let greet = ServiceCall("greet") { (name: String) in try await greeter.sayHello(name) }
///   .classifyingGRPC()
///   .standardStack(stacks["greeter"])
///   .trace(tracer)
/// ```
///
/// A call whose deadline has passed is not sent. The layers around the RPC time out and retry: leave the
/// `retryPolicy` and the `hedgingPolicy` of gRPC's service config out, or the two multiply, three attempts by
/// three.
public struct ResilienceClientInterceptor: ClientInterceptor {
  private let propagator: any ContextPropagator

  /// Creates an interceptor.
  ///
  /// - Parameter propagator: Carries trace and baggage. Default: W3C's formats. Baggage is read by whoever is
  ///   called: for a stranger's service give a `W3CTraceContextPropagator` alone.
  public init(propagator: any ContextPropagator = CompositePropagator.w3c) {
    self.propagator = propagator
  }

  /// Sends the request with the call's metadata.
  ///
  /// - Throws: `RPCError` of the code `deadlineExceeded` when the deadline has passed; else what comes after
  ///   it throws.
  public func intercept<Input: Sendable, Output: Sendable>(
    request: StreamingClientRequest<Input>, context: ClientContext,
    next:
      @concurrent (StreamingClientRequest<Input>, ClientContext) async throws -> StreamingClientResponse<
        Output
      >
  ) async throws -> StreamingClientResponse<Output> {
    var request = request
    let call = CallContext.current
    if !call.deadline.isNever {
      let left = call.deadline.remaining(at: call.readClock())
      guard left > .zero else {
        throw RPCError(code: .deadlineExceeded, message: "the call's deadline had passed before it was sent")
      }
      let present = request.metadata[stringValues: "grpc-timeout"].first { _ in true }
      let asked = present.flatMap { GRPCTimeout($0) }?.duration
      request.metadata.replaceOrAddString(GRPCTimeout(min(asked ?? left, left)).text, forKey: "grpc-timeout")
    }
    propagator.inject(call, into: &request.metadata, through: .metadata)
    return try await next(request, context)
  }
}
