/// What an adaptive limit was before its destination failed, and whether it may go back there.
///
/// Calls that time out look like a destination that has become slow: by the end of an outage the limit is
/// near 1, and every mean is wrong. What was known before is a better guess than growing from there: as soon
/// as nine calls of ten succeed again, and take about as long as they did, the limit doubles with each round
/// until it is what it was.
struct OutageRecovery: Sendable {
  /// What was learned.
  struct Known: Sendable {
    var limit: Double
    /// How long a call takes that waits for no other; 0 when that is not known.
    var nanoseconds: Double
  }

  enum Step: Equatable {
    /// Calls fail, or nothing is different.
    case none
    /// The limit may be this again, and what was learned since is to be forgotten.
    case recover(limit: Double, nanoseconds: Double)
  }

  private enum State: Equatable {
    case well
    case failing
    case recovering
  }

  private static let fewestCalls = 16

  private var state = State.well
  private var known: Known?
  /// Whether the destination itself asked for less: then the limit goes back to what it was only if it has
  /// collapsed.
  private var wasOverloaded = false
  private var wasSlow = false
  /// Whether most calls failed: then what was learned meanwhile is of no use.
  private var wasOut = false
  private var count = 0
  private var failed = 0
  private var nanoseconds = 0.0

  /// Whether nothing else is to be concluded from calls.
  var isRecovering: Bool { state == .recovering }

  /// Is told of a call that comes back, unless its end says nothing; whether that ends a round.
  ///
  /// - Parameter limit: What may be inside now.
  @inline(__always)
  mutating func add(_ call: AdaptiveLimit.Call, succeeded: Bool, limit: Int) -> Bool {
    count += call.weight
    if succeeded {
      nanoseconds += Double(call.weight) * Double(call.nanoseconds)
    } else {
      failed += call.weight
    }
    return count >= Self.fewestCalls && count >= limit
  }

  /// The destination asks for less.
  mutating func noteOverload() { wasOverloaded = true }

  /// Concludes from a round that has ended.
  ///
  /// - Parameter learned: What was learned so far.
  @inline(never)
  mutating func concludeRound(_ learned: Known) -> Step {
    defer { (count, failed, nanoseconds) = (0, 0, 0) }
    return conclude(learned, succeeded: Double(count - failed))
  }

  private mutating func conclude(_ learned: Known, succeeded: Double) -> Step {
    if failed * 10 > count {
      if state == .recovering { known?.limit *= 0.75 }
      if failed * 2 > count { wasOut = true }
      state = .failing
      return .none
    }
    guard state != .well, let known else {
      if failed == 0, learned.nanoseconds > 0 { known = learned }
      return end()
    }
    // Within 3.5 standard errors of an exponential distribution.
    let isAsFast =
      nanoseconds / succeeded <= known.nanoseconds * (1 + 3.5 / succeeded.squareRoot())
    switch state {
    case .well: return .none
    // Where only some calls fail, for reasons of their own, nothing that was learned is wrong.
    case .failing where learned.limit >= known.limit && learned.nanoseconds <= 2 * known.nanoseconds:
      let wasOut = wasOut
      _ = end()
      return wasOut ? .recover(limit: learned.limit, nanoseconds: known.nanoseconds) : .none
    // Its own word for too much: near what it was, it finds its level by itself.
    case .failing where wasOverloaded && learned.limit > known.limit / 4: return end()
    case .failing where !isAsFast && learned.limit <= known.limit: return .none
    case .recovering where !isAsFast && !wasSlow && learned.limit < known.limit:
      // Once may be chance.
      wasSlow = true
      return .none
    case .recovering where !isAsFast:
      // It is not what it was, which is to be learned anew.
      self.known = nil
      return end()
    case .recovering where learned.limit >= known.limit: return end()
    case .failing, .recovering:
      state = .recovering
      wasSlow = false
      return .recover(limit: min(known.limit, 2 * learned.limit), nanoseconds: known.nanoseconds)
    }
  }

  private mutating func end() -> Step {
    state = .well
    (wasOverloaded, wasOut) = (false, false)
    return .none
  }
}
