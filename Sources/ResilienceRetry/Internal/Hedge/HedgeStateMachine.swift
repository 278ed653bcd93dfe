internal import ResilienceCore

/// One hedged call: which attempts run, when the next one may begin, whose ending is the call's.
///
/// The first attempt runs from the start. Attempts are numbered from 1.
struct HedgeStateMachine {
  enum Decision: Hashable {
    /// Begin the next attempt, if the budget allows it.
    case begin
    /// Nothing to do until an attempt ends, or until this instant.
    case wait(until: Instant?)
    /// The call is over: cancel what still runs. ``answer`` is final when nothing does.
    case end
  }

  private let maxAttempts: Int
  private let delayNanoseconds: Int64?
  private let typicalNanoseconds: Int64
  private let deadline: Deadline
  private let mayRepeat: Bool

  private(set) var begun = 1

  /// Those that run, as bits.
  private(set) var running: UInt16 = 1 << 1

  /// Whose ending is the call's: the first attempt's, unless another one decides the call.
  private(set) var answer = 1
  private(set) var isWon = false
  private(set) var isDecided = false

  private var late: UInt16 = 0

  /// Those that still ran when the call was decided, as bits.
  var losers: UInt16 { isDecided ? late | running : 0 }

  private var isCancelled = false
  private var isClosed = false
  private var nextBegin: Instant?

  /// - Parameters:
  ///   - delayNanoseconds: How long an attempt may take before the next begins; `nil` when none begins for
  ///     that.
  ///   - typicalNanoseconds: What an attempt needs to be of use before the deadline.
  ///   - mayRepeat: Whether another attempt may begin without proof that the earlier ones did nothing.
  init(
    maxAttempts: Int, delayNanoseconds: Int64?, typicalNanoseconds: Int64 = 0, deadline: Deadline = .never,
    mayRepeat: Bool = true, at now: Instant
  ) {
    self.maxAttempts = maxAttempts
    self.delayNanoseconds = mayRepeat ? delayNanoseconds : nil
    self.typicalNanoseconds = typicalNanoseconds
    self.deadline = deadline
    self.mayRepeat = mayRepeat
    nextBegin = self.delayNanoseconds.map(now.advanced(byNanoseconds:))
  }

  func decision(at now: Instant) -> Decision {
    if isDecided || isCancelled { return .end }
    let next =
      begun < maxAttempts && !isClosed ? nextBegin.flatMap { isOfUse(at: max($0, now)) ? $0 : nil } : nil
    if let next, next <= now { return .begin }
    return running != 0 ? .wait(until: next) : .end
  }

  /// Counts the attempt that ``decision(at:)`` asked for; its number.
  mutating func begin(at now: Instant) -> Int {
    begun += 1
    running |= 1 << UInt16(begun)
    nextBegin = delayNanoseconds.map(now.advanced(byNanoseconds:))
    return begun
  }

  /// The budget refused the attempt that ``decision(at:)`` asked for: no further one begins.
  mutating func refuse() {
    isClosed = true
  }

  /// The caller does not want the result any more.
  mutating func cancel() {
    isCancelled = true
  }

  /// What an attempt that has ended means for the budget.
  enum Ending: Hashable {
    /// The next attempt begins because of it, and takes the token.
    case repeated
    /// Nothing begins because of it.
    case final
    /// The call was decided or cancelled before: it says nothing about the destination.
    case late
  }

  /// - Parameter wasRefused: Whether one of our own layers refused to start the work.
  @discardableResult
  mutating func ended(
    _ attempt: Int, _ outcome: Outcome, wasRefused: Bool = false, at now: Instant
  ) -> Ending {
    running &= ~(1 << UInt16(attempt))
    if isDecided {
      late |= 1 << UInt16(attempt)
      return .late
    } else if outcome.verdict == .success {
      isWon = true
      decide(attempt)
    } else if isCancelled {
      return .late
    } else if wasRefused || outcome.pushback.overloaded {
      // More load is not wanted; what runs may still succeed.
      isClosed = true
    } else if outcome.verdict == .neutral || outcome.pushback.doNotRetry {
      decide(attempt)
    } else if mayRepeat || outcome.pushback.notProcessed {
      nextBegin = now.advanced(byNanoseconds: max(0, outcome.pushback.retryAfter?.clampedNanoseconds ?? 0))
      if decision(at: now) == .begin { return .repeated }
    }
    return .final
  }

  private mutating func decide(_ attempt: Int) {
    isDecided = true
    answer = attempt
  }

  private func isOfUse(at instant: Instant) -> Bool {
    deadline.remainingNanoseconds(at: instant) > typicalNanoseconds
  }
}
