/// What a call says about itself.
public struct CallTraits: Sendable, Hashable {
  /// Whether doing it twice does harm.
  public enum Idempotency: Sendable, Hashable {
    /// Nobody said. Treated as idempotent by retries, as most calls that are wrapped are.
    case notStated
    /// Doing it twice is the same as doing it once.
    case idempotent
    /// Doing it twice does harm: tried again only on proof that nothing ran.
    case nonIdempotent
  }

  /// The name of the destination or operation; empty when unnamed. Appears in errors, events and spans.
  public var name: String

  /// Whether doing it twice does harm. Default: not stated.
  public var idempotency: Idempotency

  /// Whether the same input can be sent twice; not when sending it uses it up, as a stream. Default: yes.
  public var isReplayable: Bool

  /// Creates traits.
  public init(name: String = "", idempotency: Idempotency = .notStated, isReplayable: Bool = true) {
    self.name = name
    self.idempotency = idempotency
    self.isReplayable = isReplayable
  }
}
