public import Resilience

/// A handler whose layers go by each request's method and body; see ``Resilience/Handler/byMethod(_:)``.
public struct HTTPCallHandler<Layered: Handler>: Handler where Layered.Input: HTTPRepeatable {
  /// What is sent.
  public typealias Input = Layered.Input

  /// What comes back.
  public typealias Output = Layered.Output

  let idempotent: Layered
  let nonIdempotent: Layered
  let once: Layered

  /// The call's name; whether doing it twice does harm is each request's affair.
  public var traits: CallTraits { CallTraits(name: idempotent.traits.name) }

  /// The layers, without those that say whether doing it twice does harm.
  public var layers: [HandlerLayer] { idempotent.layers.filter { $0.kind != "idempotent" } }

  /// Calls the layers for requests of this kind.
  public nonisolated(nonsending) func handle(_ input: Input, context: CallContext) async throws -> Output {
    switch input.repeatability {
    case .idempotent: try await idempotent.handle(input, context: context)
    case .nonIdempotent: try await nonIdempotent.handle(input, context: context)
    case .once: try await once.handle(input, context: context)
    }
  }

  /// The layers' answer.
  public func outcome(ofValue value: Output) -> Outcome { idempotent.outcome(ofValue: value) }

  /// The layers' answer.
  public func outcome(ofError error: any Error) -> Outcome { idempotent.outcome(ofError: error) }
}

extension Handler where Input: HTTPRepeatable {
  /// Wraps the handler in layers that know of each request whether it may be sent twice.
  ///
  /// ```swift
  /// let breaker = CircuitBreaker("supplier")
  /// let stock = client.call("supplier").byMethod { call in
  ///   call.timeout(.seconds(1)).circuitBreaker(breaker).retry()
  /// }
  /// ```
  ///
  /// - Parameter layers: Makes the layers. It runs three times, for requests that are idempotent, for those
  ///   that are not, and for those that can be sent once only: make what they share outside of it, as the
  ///   breaker here.
  public func byMethod<Layered: Handler>(
    _ layers: (_ call: TraitsHandler<Self>) -> Layered
  ) -> HTTPCallHandler<Layered> {
    HTTPCallHandler(
      idempotent: layers(idempotent()), nonIdempotent: layers(nonIdempotent()), once: layers(notReplayable()))
  }

  /// Wraps the handler in all that usually stands before a call, with retries by each request's method and
  /// body.
  ///
  /// - Parameter stack: The destination's, shared by every call to it.
  public func httpStack(
    _ stack: StandardStack
  ) -> HTTPCallHandler<StandardStackHandler<TraitsHandler<Self>>> {
    byMethod { $0.standardStack(stack) }
  }
}
