public import Synchronization

/// Which of the layers that a ``StandardStackPolicy`` may leave out it has.
@usableFromInline
struct AdmissionLayers: OptionSet, Sendable, AtomicRepresentable {
  @usableFromInline typealias AtomicRepresentation = UInt8.AtomicRepresentation

  @usableFromInline let rawValue: UInt8

  @inlinable
  init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  init(_ policy: StandardStackPolicy) {
    self = []
    if policy.rateLimit != nil { insert(.rateLimit) }
    if policy.bulkhead != nil { insert(.bulkhead) }
  }

  @inlinable static var rateLimit: AdmissionLayers { AdmissionLayers(rawValue: 1) }
  @inlinable static var bulkhead: AdmissionLayers { AdmissionLayers(rawValue: 2) }

  @inlinable
  static func encodeAtomicRepresentation(_ value: consuming AdmissionLayers) -> AtomicRepresentation {
    UInt8.encodeAtomicRepresentation(value.rawValue)
  }

  @inlinable
  static func decodeAtomicRepresentation(_ storage: consuming AtomicRepresentation) -> AdmissionLayers {
    AdmissionLayers(rawValue: UInt8.decodeAtomicRepresentation(storage))
  }
}
