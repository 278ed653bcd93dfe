/// What one layer of a stack says it is.
///
/// ```swift
/// print(charge)   // payment: deadline 3 s → retry 3 (exponential 50 ms…20 s, full jitter) → timeout 1 s
/// charge.layers.map(\.kind)   // ["deadline", "retry", "timeout"]
/// ```
public struct HandlerLayer: Sendable, Hashable, CustomStringConvertible {
  /// What it does, as its modifier is called: `retry`, `circuit breaker`, `rate limit`.
  public let kind: String

  /// What was set for it, for a reader: `3 (exponential 50 ms…20 s, full jitter)`; may be empty. The text may
  /// change with any version.
  public let detail: String

  /// Creates a description.
  ///
  /// - Parameters:
  ///   - kind: What the layer does, a word or two.
  ///   - detail: What was set for it. Default: nothing.
  public init(_ kind: String, _ detail: String = "") {
    self.kind = kind
    self.detail = detail
  }

  /// A detail that is the name of the layer's object, where it has one, and what was set for it.
  package init(_ kind: String, named name: String, _ settings: String) {
    self.init(kind, name.isEmpty ? settings : "\(name) (\(settings))")
  }

  /// The kind and the detail.
  public var description: String { detail.isEmpty ? kind : "\(kind) \(detail)" }
}
