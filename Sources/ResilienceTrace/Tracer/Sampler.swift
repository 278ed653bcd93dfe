public import ResilienceCore

/// Decides which traces are recorded.
///
/// ``parentBased(root:)`` is the one to use, so that a trace is recorded by all services or by none.
public struct Sampler: Sendable, Hashable {
  // A trace is kept when the rightmost 56 bits of its id reach the threshold; 2⁵⁶ keeps none.
  private var threshold: UInt64
  private var followsParent = false

  private init(threshold: UInt64) {
    self.threshold = threshold
  }

  /// Every span.
  public static var always: Sampler { Sampler(threshold: 0) }

  /// None. Ids are still made and passed on.
  public static var never: Sampler { Sampler(threshold: 1 << 56) }

  /// This fraction of all traces, chosen by trace id, so that all services that use the same ratio choose the same traces,
  /// and one with a lower ratio a part of them (W3C's consistent probability sampling).
  ///
  /// - Parameter ratio: From 0 to 1.
  public static func ratio(_ ratio: Double) -> Sampler {
    precondition((0...1).contains(ratio), "a sampling ratio must be from 0 to 1, was \(ratio)")
    return Sampler(threshold: UInt64((1 - ratio) * 0x1p56))
  }

  /// What the caller's span decided; `root` decides for the first span of a trace. Default: ``always``.
  public static func parentBased(root: Sampler = .always) -> Sampler {
    var sampler = root
    sampler.followsParent = true
    return sampler
  }

  /// Whether a span is recorded.
  ///
  /// - Parameters:
  ///   - trace: The span's ids, of which the flags do not matter.
  ///   - parent: The span that it is a child of; none for the first of a trace.
  public func samples(_ trace: TraceIDs, parent: TraceIDs) -> Bool {
    if followsParent, parent.isPresent { return parent.isSampled }
    return trace.traceLow & (1 << 56 - 1) >= threshold
  }
}
