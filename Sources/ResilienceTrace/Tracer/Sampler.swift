public import ResilienceCore

/// Decides which traces are recorded.
///
/// ``parentBased(root:)`` is the one to use, so that a trace is recorded by all services or by none.
///
/// ```swift
/// let sampler = Sampler.parentBased(root: .consistent(0.01))    // one trace in a hundred, and whoever counts knows it
/// let careful = Sampler.parentBased(root: .rateLimited(100))    // however many requests there are
/// ```
public struct Sampler: Sendable, Hashable {
  /// A trace is kept when its randomness, the rightmost 56 bits of its id, reaches the threshold; 2⁵⁶ keeps
  /// none.
  private var threshold: UInt64
  private var followsParent = false
  /// Few samplers have any: one word, so that the others cost nothing.
  private var extras: Extras?

  private init(threshold: UInt64) {
    self.threshold = threshold
  }

  /// Every span.
  public static var always: Sampler { Sampler(threshold: 0) }

  /// None. Ids are still made and passed on.
  public static var never: Sampler { Sampler(threshold: TraceState.randomnessRange) }

  /// This fraction of all traces, chosen by trace id, so that all services that use the same ratio choose the
  /// same traces, and one with a lower ratio a part of them.
  ///
  /// - Parameter ratio: From 0 to 1.
  public static func ratio(_ ratio: Double) -> Sampler {
    precondition((0...1).contains(ratio), "a sampling ratio must be from 0 to 1, was \(ratio)")
    return Sampler(threshold: UInt64((1 - ratio) * 0x1p56))
  }

  /// This fraction of all traces, as ``ratio(_:)``, and says so: OpenTelemetry's consistent probability
  /// sampling.
  ///
  /// What is sampled travels with `ot=th:` and the threshold in its ``TraceState``, so that whoever gets the
  /// spans can count back to all calls (``TraceState/adjustedCount``); an explicit randomness (`rv:`) takes
  /// the place of the trace id's.
  ///
  /// - Parameter ratio: From 0 to 1.
  public static func consistent(_ ratio: Double) -> Sampler {
    var sampler = Sampler.ratio(ratio)
    sampler.extras = Extras(newState: TraceState().settingSamplingThreshold(sampler.threshold))
    return sampler
  }

  /// At most so many traces in a second, whichever come first.
  ///
  /// The limit is shared by all copies of the value.
  ///
  /// - Parameters:
  ///   - perSecond: More than 0, up to 1 000 000 000.
  ///   - burst: How many may be sampled at once after a pause, from 1 to 1 000 000 000. Default: as many as
  ///     in a second, at least 1.
  public static func rateLimited(_ perSecond: Double, burst: Int? = nil) -> Sampler {
    var sampler = Sampler.always
    sampler.extras = Extras(limiter: SampleLimiter(perSecond: perSecond, burst: burst))
    return sampler
  }

  /// What the caller's span decided; `root` decides for the first span of a trace, and where the caller left
  /// it open. Default: ``always``.
  public static func parentBased(root: Sampler = .always) -> Sampler {
    var sampler = root
    sampler.followsParent = true
    return sampler
  }

  /// Whether a span is recorded.
  ///
  /// For a consistent sampler this is the answer for a trace whose state has no randomness of its own.
  ///
  /// - Parameters:
  ///   - trace: The span's ids, of which the flags do not matter.
  ///   - parent: The span that it is a child of; none for the first of a trace.
  ///   - now: The present instant; read by a rate limit only. Default: the system's.
  public func samples(
    _ trace: TraceIDs, parent: TraceIDs, at now: @autoclosure () -> Instant = SystemClock.read()
  ) -> Bool {
    if let decided = parentsDecision(parent) { return decided }
    guard reaches(threshold, trace) else { return false }
    return extras?.limiter?.admits(at: now()) ?? true
  }

  /// What ``samples(_:parent:at:)`` says for a sampler that has no rate limit.
  @inline(__always)
  func samplesPlainly(_ trace: TraceIDs, parent: TraceIDs) -> Bool {
    parentsDecision(parent) ?? reaches(threshold, trace)
  }

  @inline(__always)
  private func reaches(_ threshold: UInt64, _ trace: TraceIDs) -> Bool {
    trace.traceLow & (TraceState.randomnessRange - 1) >= threshold
  }

  /// `nil` when there is none, or it does not matter.
  @inline(__always)
  private func parentsDecision(_ parent: TraceIDs) -> Bool? {
    guard followsParent else { return nil }
    if parent.isPresent, parent.span != 0, !parent.has(TraceIDs.deferredFlag) { return parent.isSampled }
    return parent.has(TraceIDs.deniedFlag) ? false : nil
  }
}

extension Sampler {
  private final class Extras: Sendable, Hashable {
    /// What a trace travels on with that had no state before; `nil` for a sampler that says nothing.
    let newState: TraceState?
    let limiter: SampleLimiter?

    init(newState: TraceState? = nil, limiter: SampleLimiter? = nil) {
      self.newState = newState
      self.limiter = limiter
    }

    static func == (lhs: Extras, rhs: Extras) -> Bool {
      lhs.newState == rhs.newState && lhs.limiter == rhs.limiter
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(newState)
      hasher.combine(limiter)
    }
  }
}

// MARK: - Decisions that take more than the ids

extension Sampler {
  /// Whether ``decide(_:parent:_:)`` must be asked.
  var needsContext: Bool { extras != nil }

  /// Whether a span is recorded, and with which state it travels on; `nil` for an unchanged one.
  func decide(
    _ trace: TraceIDs, parent: TraceIDs, _ context: inout CallContext
  ) -> (isSampled: Bool, state: TraceState?) {
    if let decided = parentsDecision(parent) { return (decided, nil) }
    guard extras?.newState != nil else { return (samples(trace, parent: parent, at: context.now), nil) }
    let outer = TraceBaggage.current.state
    let isSampled = randomness(of: trace, outer) >= threshold
    return (isSampled, state(isSampled, outer))
  }

  /// The state that ``decide(_:parent:_:)`` has found; asking takes nothing from a rate limit.
  func state(for trace: TraceIDs, parent: TraceIDs) -> TraceState? {
    guard extras?.newState != nil, parentsDecision(parent) == nil else { return nil }
    return state(trace.isSampled, TraceBaggage.current.state)
  }

  private func randomness(of trace: TraceIDs, _ outer: TraceState) -> UInt64 {
    outer.samplingRandomness ?? trace.traceLow & (TraceState.randomnessRange - 1)
  }

  private func state(_ isSampled: Bool, _ outer: TraceState) -> TraceState? {
    if outer.isEmpty { return isSampled ? extras?.newState : nil }
    let state = outer.settingSamplingThreshold(isSampled ? threshold : nil)
    return state == outer ? nil : state
  }
}
