/// One of the two brokers of a ``MirroredBroker``.
public enum MirrorSide: String, Sendable, Hashable, CaseIterable {
  /// The one that is written first, and whose errors are thrown.
  case primary
  /// The other one.
  case secondary

  var index: Int { self == .primary ? 0 : 1 }
}
