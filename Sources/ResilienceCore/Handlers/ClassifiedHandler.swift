/// A handler with its own idea of what counts; see ``Handler/classify(_:)``.
public struct ClassifiedHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// None: it says what counts, and does nothing.
  public var layer: HandlerLayer? { nil }

  @usableFromInline let classifier: @Sendable (Result<Base.Output, any Error>) -> Outcome?

  @usableFromInline
  init(base: Base, classifier: @escaping @Sendable (Result<Base.Output, any Error>) -> Outcome?) {
    self.base = base
    self.classifier = classifier
  }

  /// Calls the base.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    try await base.perform(input, in: context)
  }

  @inlinable
  package var judgesValues: Bool { true }

  /// The classifier's answer, or the base's where it has none.
  @inlinable
  public func outcome(ofValue value: Base.Output) -> Outcome {
    classifier(.success(value)) ?? base.outcome(ofValue: value)
  }

  /// The classifier's answer, or the base's where it has none.
  public func outcome(ofError error: any Error) -> Outcome {
    classifier(.failure(error)) ?? base.outcome(ofError: error)
  }

  @inlinable
  package func outcome(ofError error: any Error, _ kind: ErrorKind) -> Outcome {
    classifier(.failure(error)) ?? base.classified(error, kind)
  }
}

extension Handler {
  /// Says what counts as a success or a failure, once, for every layer applied after it.
  ///
  /// Breaker, retry, budget, balancer and trace read the same answer. Return `nil` to leave a case to the
  /// default. It is asked about every value and error, with two exceptions that say nothing about the
  /// destination and are neutral: a ``Rejection`` by one of our own layers, and whatever is thrown after the
  /// caller cancelled. A `CancellationError` that the caller did not cause is an error like any other.
  ///
  /// ```swift
  /// let call = ServiceCall("shipping") { (parcel: Parcel) in try await http.post(parcel) }
  ///   .classify { result in
  ///     switch result {
  ///     case .success(let response) where response.status == 429:   // this client's limit: no breaker opens
  ///       .failure(.retryAfter(response.retryAfter))
  ///     case .success(let response) where response.status == 503:   // everybody's: breakers open
  ///       .failure(.overloaded(retryAfter: response.retryAfter))
  ///     case .success(let response) where response.status >= 500: .failure
  ///     case .failure(is AddressUnknown): .success   // the service did its job
  ///     default: nil
  ///     }
  ///   }
  /// ```
  ///
  /// - Parameter classifier: A pure, quick function; it may be asked more than once about the same result.
  public func classify(
    _ classifier: @escaping @Sendable (_ result: Result<Output, any Error>) -> Outcome?
  ) -> ClassifiedHandler<Self> {
    ClassifiedHandler(base: self, classifier: classifier)
  }
}
