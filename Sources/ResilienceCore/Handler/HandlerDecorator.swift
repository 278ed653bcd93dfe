/// What a modifier returns: a handler around another one, adding one concern.
///
/// Traits and outcomes are forwarded to ``base``, so that what the leaf says about a value or an error holds for every
/// layer. Implement `handle` alone; and `readsCallID`, as `true`, if it reads ``CallContext/callID`` or the number of the
/// attempt; and `judgesValues`, as `true`, if it has an `outcome(ofValue:)` of its own.
public protocol HandlerDecorator: Handler {
  /// The handler that is wrapped.
  associatedtype Base: Handler

  /// The wrapped handler.
  var base: Base { get }
}

extension HandlerDecorator {
  /// The base's traits.
  @inlinable
  public var traits: CallTraits { base.traits }

  /// The base's answer.
  @inlinable
  public var readsCallID: Bool { base.readsCallID }

  /// The base's answer.
  @inlinable
  public var judgesValues: Bool { base.judgesValues }

  /// The base's answer.
  @inlinable
  @inline(__always)
  public func outcome(ofValue value: Base.Output) -> Outcome { base.outcome(ofValue: value) }

  /// The base's answer.
  @inlinable
  public func outcome(ofError error: any Error) -> Outcome { base.outcome(ofError: error) }
}
