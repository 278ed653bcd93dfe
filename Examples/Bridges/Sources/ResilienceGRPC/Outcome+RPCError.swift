public import GRPCCore
public import ResilienceCore

extension Outcome {
  /// What an RPC's error amounts to.
  ///
  /// - `unavailable`: a failure, to be tried again, after the pushback where there is one.
  /// - `resourceExhausted`: a failure. With a pushback it is a limit for this client, to be tried again
  ///   then, and no breaker opens by it; without one it is not tried again.
  /// - `deadlineExceeded`, `unknown`, `internalError`, `dataLoss`, `cancelled`: a failure, and not tried
  ///   again, since it may have been done.
  /// - `aborted`: neutral, and not tried again: whoever reads and writes does so from the start.
  /// - The others, as `notFound`: a success, since the service did what it is for.
  ///
  /// The pushback is `grpc-retry-pushback-ms` of the trailers; one that is negative, or no number, means not
  /// at all.
  public init(_ error: RPCError) {
    let pushback = RetryPushback(error.metadata)
    switch error.code {
    case .unavailable:
      switch pushback {
      case .none: self = .failure
      case .after(let delay): self = .failure(.overloaded(retryAfter: delay))
      case .never: self = .failure(.doNotRetry)
      }
    case .resourceExhausted:
      if case .after(let delay) = pushback {
        self = .failure(.retryAfter(delay))
      } else {
        self = .failure(.doNotRetry)
      }
    case .deadlineExceeded, .unknown, .internalError, .dataLoss, .cancelled: self = .failure(.doNotRetry)
    case .aborted: self = .neutral
    default: self = .success
    }
  }
}

extension Handler {
  /// Says what the errors of an RPC count as, for every layer applied after it; see
  /// ``ResilienceCore/Outcome/init(_:)``.
  ///
  /// Errors that are no `RPCError` count as they would without it.
  public func classifyingGRPC() -> ClassifiedHandler<Self> {
    classify { result in
      if case .failure(let error as RPCError) = result { return Outcome(error) }
      return nil
    }
  }
}
