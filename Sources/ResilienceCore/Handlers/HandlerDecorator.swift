/// What a modifier returns: a handler around another one, adding one concern.
///
/// Traits and outcomes are forwarded to ``base``, so that what the leaf says about a value or an error holds
/// for every layer. Implement `handle` alone, and hand the context on:
///
/// ```swift
/// struct Logged<Base: Handler>: HandlerDecorator {
///   let base: Base
///
///   nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
///     -> Base.Output
///   {
///     print("attempt \(context.attempt) of \(context.maxAttempts): \(input)")
///     return try await base.handle(input, context: context)
///   }
/// }
/// ```
///
/// One that counts or replaces results asks ``Handler/judge(_:in:)`` and ``Handler/judge(value:in:)`` what
/// they amount to. One that changes the context binds it as well: see
/// ``CallContext/withCurrent(_:isolation:_:)``.
public protocol HandlerDecorator: Handler {
  /// The handler that is wrapped.
  associatedtype Base: Handler

  /// The wrapped handler.
  var base: Base { get }

  /// What the layer says it is. By default its type's name; `nil` for a layer that a reader of the stack need
  /// not know of.
  var layer: HandlerLayer? { get }
}

extension HandlerDecorator {
  /// The type's name.
  public var layer: HandlerLayer? { HandlerLayer("\("\(Self.self)".prefix { $0 != "<" })") }

  /// This layer, and the base's.
  public var layers: [HandlerLayer] { (layer.map { [$0] } ?? []) + base.layers }

  /// The base's traits.
  @inlinable
  public var traits: CallTraits { base.traits }

  /// The base's answer.
  @inlinable
  @inline(__always)
  public func outcome(ofValue value: Base.Output) -> Outcome { base.outcome(ofValue: value) }

  /// The base's answer.
  @inlinable
  public func outcome(ofError error: any Error) -> Outcome { base.outcome(ofError: error) }
}
