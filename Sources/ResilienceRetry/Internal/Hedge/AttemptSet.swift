/// Some of a hedged call's attempts, which are numbered from 1 and are 15 at most.
@usableFromInline
struct AttemptSet: OptionSet, Sendable, BitwiseCopyable {
  @usableFromInline let rawValue: UInt16

  @inlinable
  init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  @inlinable
  @inline(__always)
  static func attempt(_ number: Int) -> AttemptSet { AttemptSet(rawValue: 1 << UInt16(number)) }
}
