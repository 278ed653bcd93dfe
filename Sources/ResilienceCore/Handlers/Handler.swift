/// An event handler (`Output == Void`) or a call to another service: what every pattern wraps.
///
/// Write a closure with ``ServiceCall`` or ``EventHandler``, or conform a type. Modifiers wrap it, inside
/// out: the last one applied is the outermost.
///
/// ```swift
/// let charge = ServiceCall("payment") { (order: Order) in try await payments.charge(order) }
///   .timeout(.seconds(1))
///   .retry(RetryPolicy(maxAttempts: 3))
///
/// let receipt = try await charge(order)
/// ```
///
/// `handle` is the only requirement without a default. A type that has nothing else is a complete leaf: the
/// layers around it bind the context, so that calls that it makes see deadline and trace. A layer of one's
/// own conforms to ``HandlerDecorator``.
///
/// `handle` runs on the caller's actor (`nonisolated(nonsending)`); a `@MainActor` class that conforms spells
/// `@MainActor func`.
public protocol Handler<Input, Output>: Sendable, CustomStringConvertible {
  /// What is handled: a request or an event.
  associatedtype Input: Sendable

  /// What comes back; `Void` for event handlers.
  associatedtype Output: Sendable

  /// Handles one input.
  ///
  /// - Parameters:
  ///   - input: The request or event.
  ///   - context: What the call knows about itself. Pass it on to what you wrap.
  /// - Throws: Whatever the operation throws, and the errors of the layers around it.
  nonisolated(nonsending) func handle(_ input: Input, context: CallContext) async throws -> Output

  /// The call's name and idempotency. By default unnamed and not stated.
  var traits: CallTraits { get }

  /// How a returned value counts. By default a success, unless the value is ``PushbackProviding``.
  func outcome(ofValue value: Output) -> Outcome

  /// How a thrown error counts. By default a failure.
  ///
  /// Not asked about a ``Rejection``, nor about anything that is thrown after the caller cancelled: both are
  /// neutral.
  func outcome(ofError error: any Error) -> Outcome

  /// The layers around the leaf, from the outside in. By default none.
  var layers: [HandlerLayer] { get }
}

extension Handler {
  /// None: a leaf.
  public var layers: [HandlerLayer] { [] }

  /// The name and the layers, from the outside in: `payment: deadline 3 s → retry 3 (…) → timeout 1 s`.
  public var description: String {
    let name = traits.name.isEmpty ? "call" : traits.name
    let layers = layers
    return layers.isEmpty ? name : "\(name): \(layers.map(\.description).joined(separator: " → "))"
  }

  /// Unnamed, idempotency not stated.
  public var traits: CallTraits { CallTraits() }

  /// A success, or what the value says if it is ``PushbackProviding``.
  @inlinable
  public func outcome(ofValue value: Output) -> Outcome {
    Outcome(ofValue: value)
  }

  /// A failure, with the error's pushback if it is ``PushbackProviding``; neutral for a ``Rejection``.
  public func outcome(ofError error: any Error) -> Outcome {
    Outcome(unclassified: error)
  }

  /// Calls the handler, starting from ``CallContext/current``.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func callAsFunction(_ input: Input) async throws -> Output {
    try await handle(input, context: .current)
  }
}

extension Handler where Input == Void {
  /// Calls a handler that takes no input.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func callAsFunction() async throws -> Output {
    try await handle((), context: .current)
  }
}
