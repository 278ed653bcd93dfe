public import ResilienceCore

/// The right to handle an event, held until it is committed or released, or its lease ends.
public struct InboxReservation: Sendable, Hashable {
  /// What is handled.
  public let key: InboxKey

  /// When somebody else may handle it, unless who holds it is still at work; see ``Inbox/run(_:_:)``.
  public let expiresAt: Instant

  let generation: UInt64
}
