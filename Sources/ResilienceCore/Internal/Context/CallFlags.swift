/// What a layer must know about the current context without reading it: one test each.
@usableFromInline
package struct CallFlags: OptionSet, Sendable, BitwiseCopyable {
  @usableFromInline package var rawValue: UInt16

  @inlinable
  package init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  /// Time and chance come from ``CallContext/environment``, not from the system.
  @inlinable package static var environment: CallFlags { CallFlags(rawValue: 1) }

  /// The context differs from the one that is bound: the leaf must bind it.
  @inlinable package static var changed: CallFlags { CallFlags(rawValue: 2) }

  /// The attempt is a try of a hedge. Set for an observer, when there is one, like ``delivery``; without
  /// either the attempt is one of a retry.
  @inlinable package static var hedgeTry: CallFlags { CallFlags(rawValue: 4) }

  /// The attempt is a delivery of an event.
  @inlinable package static var delivery: CallFlags { CallFlags(rawValue: 8) }

  /// What an attempt is that no retry makes. An attempt of another kind begins within it.
  @inlinable package static var otherAttempts: CallFlags { [.hedgeTry, .delivery] }

  /// What the call publishes is kept by an outbox, for some bus.
  @inlinable package static var outbox: CallFlags { CallFlags(rawValue: 16) }

  /// Which group of events the call is handled for, as a number from 1 to 2047 that no other group of the
  /// process has meanwhile; 0 outside a delivery, and in a group for which no number was left. In the bits
  /// that no flag needs.
  package var deliveryGroup: UInt16 {
    get { rawValue >> Self.flagBits }
    set { rawValue = rawValue & ((1 << Self.flagBits) - 1) | newValue << Self.flagBits }
  }

  private static var flagBits: UInt16 { 5 }
}
