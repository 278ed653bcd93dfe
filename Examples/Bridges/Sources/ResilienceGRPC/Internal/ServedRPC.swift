internal import GRPCCore
internal import ResilienceCore
internal import ResilienceTimeout
internal import ResilienceTrace

/// An RPC that is answered, in two parts: the handler, and what writes the answer.
struct ServedRPC: Sendable {
  private let name: String
  private let context: CallContext
  private let span: OpenSpan?

  /// - Parameter metadata: The caller's; its trace is the present one.
  init(_ name: String, _ metadata: Metadata, _ tracer: CallTracer?) {
    var context = CallContext.current
    if let timeout = metadata[stringValues: "grpc-timeout"].first(where: { _ in true }).flatMap({
      GRPCTimeout($0)
    }) {
      context.tightenDeadline(to: Deadline(at: context.readClock().advanced(by: timeout.duration)))
    }
    self.name = name
    span = tracer?.startSpan(kind: .server, from: context)
    self.context = span?.context ?? context
  }

  /// Runs a part in the RPC's context; the span ends with the last one, or with an error.
  func run<Result>(isLast: Bool, _ body: nonisolated(nonsending) () async throws -> Result) async throws
    -> Result
  {
    do {
      let result = try await CallContext.withCurrent(context, body)
      if isLast { span?.end(name) }
      return result
    } catch {
      let outcome = Outcome(ofError: error, in: context)
      span?.end(name, (error as? RPCError).map { Outcome($0).verdict } ?? outcome.verdict, error: error)
      throw (error as? any Rejection).map { RPCError(refusal: $0, at: context.readClock()) } ?? error
    }
  }

  func end(_ error: RPCError) {
    span?.end(name, Outcome(error).verdict, error: error)
  }
}

extension RPCError {
  fileprivate init(refusal: any Rejection, at now: Instant) {
    let delay = refusal.retryAfter(at: now)
    var metadata = Metadata()
    metadata.addString(RetryPushback.text(after: delay), forKey: RetryPushback.key)
    let waits: Code = refusal.isRetryable && delay != nil ? .resourceExhausted : .unavailable
    self.init(
      code: refusal is DeadlineExceeded ? .deadlineExceeded : waits, message: "\(refusal)",
      metadata: metadata, cause: refusal)
  }
}
