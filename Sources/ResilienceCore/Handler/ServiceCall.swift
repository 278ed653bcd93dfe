/// A call to another service, written as a closure: the leaf of a stack of decorators.
///
/// ```swift
/// let stock = ServiceCall("inventory") { (sku: String) in try await client.stock(of: sku) }
/// ```
@frozen
public struct ServiceCall<Input: Sendable, Output: Sendable>: Handler {
  @usableFromInline typealias Plain = nonisolated(nonsending) @Sendable (Input) async throws -> Output
  @usableFromInline typealias WithContext =
    nonisolated(nonsending) @Sendable (Input, CallContext) async throws -> Output

  // Side by side, and not in an enum: taking a closure out of an enum's case counts a reference on every call.
  @usableFromInline let plain: Plain
  @usableFromInline let withContext: WithContext
  @usableFromInline let takesContext: Bool
  @usableFromInline let valuesProvidePushback: Bool

  /// The name it was given; idempotency not stated.
  public let traits: CallTraits

  /// Creates a call from a closure that takes the input.
  ///
  /// - Parameters:
  ///   - name: The destination or operation, for errors, events and spans. Default: unnamed.
  ///   - body: The work. It runs on the caller's actor, in a child task when a timeout or a hedge is around it.
  @inlinable
  public init(
    _ name: String = "",
    _ body: nonisolated(nonsending) @escaping @Sendable (_ input: Input) async throws -> Output
  ) {
    self.init(
      name, plain: body, withContext: { _, _ in preconditionFailure("this call takes no context") },
      takesContext: false)
  }

  /// Creates a call from a closure that takes the input and the context: deadline, attempt, trace.
  ///
  /// - Parameters:
  ///   - name: The destination or operation, for errors, events and spans. Default: unnamed.
  ///   - body: The work.
  @inlinable
  public init(
    _ name: String = "",
    _ body:
      nonisolated(nonsending) @escaping @Sendable (_ input: Input, _ context: CallContext) async throws ->
      Output
  ) {
    self.init(
      name, plain: { _ in preconditionFailure("this call takes a context") }, withContext: body,
      takesContext: true)
  }

  @inlinable
  init(
    _ name: String, plain: @escaping Plain, withContext: @escaping WithContext, takesContext: Bool
  ) {
    self.plain = plain
    self.withContext = withContext
    self.takesContext = takesContext
    traits = CallTraits(name: name)
    valuesProvidePushback = Output.self is any PushbackProviding.Type
  }

  /// Runs the closure, with the context bound as the ambient if a layer changed it.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Input, context: CallContext) async throws -> Output {
    if context.isChanged {
      try await Ambient.withInherited(context) { try await run(input, context) }
    } else {
      try await run(input, context)
    }
  }

  @inlinable
  @inline(__always)
  nonisolated(nonsending) func run(_ input: Input, _ context: CallContext) async throws -> Output {
    if takesContext {
      try await withContext(input, context)
    } else {
      try await plain(input)
    }
  }

  /// A success, or what the value says if it is ``PushbackProviding``.
  @inlinable
  public func outcome(ofValue value: Output) -> Outcome {
    valuesProvidePushback ? Outcome(ofValue: value) : .success
  }
}

/// A handler of events, written as a closure: a ``ServiceCall`` that returns nothing.
///
/// ```swift
/// let reserve = EventHandler("inventory.reserve") { (event: OrderCreated) in try await shelf.reserve(event) }
/// ```
public typealias EventHandler<Event: Sendable> = ServiceCall<Event, Void>
