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
}
