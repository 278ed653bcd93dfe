/// A call to another service, written as a closure: the leaf of a stack of decorators.
///
/// ```swift
/// let stock = ServiceCall("inventory") { (sku: String) in try await client.stock(of: sku) }
/// ```
public struct ServiceCall<Input: Sendable, Output: Sendable>: BuiltInHandler {
  @usableFromInline typealias Plain = nonisolated(nonsending) @Sendable (Input) async throws -> Output
  @usableFromInline typealias WithContext =
    nonisolated(nonsending) @Sendable (Input, CallContext) async throws -> Output

  @usableFromInline let leaf: Leaf

  /// One object, so that a stack is small and what lives across an await is a word.
  @usableFromInline
  final class Leaf: Sendable {
    // Side by side, and not in an enum: taking a closure out of an enum's case counts a reference on every
    // call.
    @usableFromInline let plain: Plain
    @usableFromInline let withContext: WithContext
    @usableFromInline let takesContext: Bool
    @usableFromInline let valuesProvidePushback: Bool
    @usableFromInline let traits: CallTraits

    @inlinable
    init(_ name: String, plain: @escaping Plain, withContext: @escaping WithContext, takesContext: Bool) {
      self.plain = plain
      self.withContext = withContext
      self.takesContext = takesContext
      traits = CallTraits(name: name)
      valuesProvidePushback = Output.self is any PushbackProviding.Type
    }
  }

  /// The name it was given; idempotency not stated.
  @inlinable
  public var traits: CallTraits { leaf.traits }

  /// Creates a call from a closure that takes the input.
  ///
  /// - Parameters:
  ///   - name: The destination or operation, for errors, events and spans. Default: unnamed.
  ///   - body: The work. It runs on the caller's actor, in a child task when a timeout or a hedge is around
  ///     it.
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
    leaf = Leaf(name, plain: plain, withContext: withContext, takesContext: takesContext)
  }

  /// Runs the closure, with the context bound as the current one if a layer changed it.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Input, context: CallContext) async throws -> Output {
    if context.isChanged {
      try await runBound(input, context)
    } else {
      try await run(input, context)
    }
  }

  @inlinable
  @inline(__always)
  func runBound(
    _ input: Input, _ context: CallContext, isolation: isolated (any Actor)? = #isolation
  ) async throws -> Output {
    try await CallContext.inheritedKey.withValue(context.inheritedUnchanged()) {
      _ = isolation
      if leaf.takesContext { return try await leaf.withContext(input, context) }
      return try await leaf.plain(input)
    }
  }

  @inlinable
  @inline(__always)
  nonisolated(nonsending) func run(_ input: Input, _ context: CallContext) async throws -> Output {
    if leaf.takesContext {
      try await leaf.withContext(input, context)
    } else {
      try await leaf.plain(input)
    }
  }

  @inlinable
  package var readsAttempt: Bool { leaf.takesContext }

  @inlinable
  package var judgesValues: Bool { leaf.valuesProvidePushback }

  @inlinable
  package var repeatsCalls: Bool { false }

  @inlinable
  package static var repeatsCallsByType: Bool { false }

  @inlinable
  package func outcome(ofError error: any Error, _ kind: ErrorKind) -> Outcome { Outcome(error, kind) }

  /// A success, or what the value says if it is ``PushbackProviding``.
  @inlinable
  @inline(__always)
  public func outcome(ofValue value: Output) -> Outcome {
    leaf.valuesProvidePushback ? Outcome(ofValue: value) : .success
  }
}

/// A handler of events, written as a closure: a ``ServiceCall`` that returns nothing.
///
/// ```swift
/// let reserve = EventHandler("inventory.reserve") { (event: OrderCreated) in try await shelf.reserve(event) }
/// ```
public typealias EventHandler<Event: Sendable> = ServiceCall<Event, Void>
