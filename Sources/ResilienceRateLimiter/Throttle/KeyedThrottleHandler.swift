public import ResilienceCore

/// A handler whose calls are held back while the destination of their key refuses too many; see
/// ``ResilienceCore/Handler/throttle(_:by:)``.
@frozen
public struct KeyedThrottleHandler<Base: Handler, Key: Hashable & Sendable>: HandlerDecorator, BuiltInHandler
{
  /// The wrapped handler.
  public let base: Base

  /// The kind `throttle`, by key.
  public var layer: HandlerLayer? {
    HandlerLayer("throttle", throttles.name.isEmpty ? "by key" : "\(throttles.name), by key")
  }

  @usableFromInline let throttles: AdaptiveThrottles<Key>
  @usableFromInline let key: @Sendable (Base.Input) -> Key

  @usableFromInline
  init(base: Base, throttles: AdaptiveThrottles<Key>, key: @escaping @Sendable (Base.Input) -> Key) {
    self.base = base
    self.throttles = throttles
    self.key = key
  }

  /// Calls the base unless the call is held back, and tells the key's throttle what became of it.
  ///
  /// - Throws: ``Throttled`` when the base was not called; else what the base throws.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    var context = context
    let throttle = throttles.throttle(for: key(input), at: context.now)
    return try await ThrottleHandler(base: base, throttle: throttle).handle(input, context: context)
  }
}

extension Handler {
  /// Holds calls back for the keys whose destination refuses too many.
  ///
  /// ```swift
  /// let fetch = fetch.throttle(throttles, by: { request in request.host })
  /// ```
  ///
  /// What counts as refused is the handler's own outcome. Put it inside the retry, so that every attempt is
  /// counted.
  ///
  /// - Parameters:
  ///   - throttles: The throttle of each key.
  ///   - key: Which key an input belongs to; pure and quick.
  public func throttle<Key: Hashable & Sendable>(
    _ throttles: AdaptiveThrottles<Key>, by key: @escaping @Sendable (_ input: Input) -> Key
  ) -> KeyedThrottleHandler<Self, Key> {
    KeyedThrottleHandler(base: self, throttles: throttles, key: key)
  }
}

extension RetriesInside {
  /// Warns: a throttle counts what the destination accepts, and that are attempts.
  @available(
    *, deprecated,
    message: """
      a throttle around a retry sees one result where the destination saw several calls; apply .throttle first and \
      .retry (or .hedge) after it
      """
  )
  public func throttle<Key: Hashable & Sendable>(
    _ throttles: AdaptiveThrottles<Key>, by key: @escaping @Sendable (_ input: Input) -> Key
  ) -> KeyedThrottleHandler<Self, Key> {
    KeyedThrottleHandler(base: self, throttles: throttles, key: key)
  }
}
