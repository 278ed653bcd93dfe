internal import ResilienceCore

/// Learns how much a destination can bear at one time, from how long its calls take.
///
/// By Little's law a destination that is busy has `rate × unloaded latency` places. The rate shows while the
/// limit is what holds calls back; the unloaded latency is measured every now and then, with less let in. See
/// <doc:AdaptiveLimits>.
struct AdaptiveLimit: Sendable {
  /// A call that comes back.
  struct Call {
    var weight: Int
    /// What was inside when it had entered, itself included.
    var inUse: Int
    var nanoseconds: Int64
  }

  // What each number trades for what is in the article.
  static var information: Double { 96 }
  static var longestWindow: Double { 1024 }
  private static var headroom: Double { 1.17 }
  private static var growth: Double { 1.25 }
  private static var probedShare: Double { 0.8 }
  private static var heldBackShare: Double { 0.01 }

  let policy: AdaptiveLimitPolicy

  // The limit with its fraction.
  private var learned: Double { didSet { fullLimit = Int(learned.rounded()) } }
  /// What may be inside when not probing.
  private(set) var fullLimit: Int
  private var unloaded = LearnedMean(memory: 1024)
  private var rate = LearnedMean(memory: 512)
  private(set) var window = LatencyWindow()
  private var probe: UnloadedProbe?
  private var settling = 0
  private var sinceProbe = 0.0
  private var sinceCut = 0
  private var ceiling = Double.infinity
  private var windowsWithoutQueue = 0
  // What the rate must have become for the last growth to have been one.
  private var growthPaysAt: Double?
  private var recovery = OutageRecovery()

  init(_ policy: AdaptiveLimitPolicy) {
    self.policy = policy
    learned = Double(policy.initial)
    fullLimit = policy.initial
  }

  /// What may be inside now.
  var limit: Int { probe?.limit ?? fullLimit }

  var isProbing: Bool { probe != nil }

  /// How long a call takes that waits for no other; `nil` before it was measured.
  var unloadedLatency: Duration? {
    unloaded.isKnown ? .nanoseconds(Int64(exactly: unloaded.value.rounded()) ?? .max) : nil
  }
}

// MARK: - What happens

extension AdaptiveLimit {
  /// Is told of a call that enters, before it does.
  mutating func enter(inUse: Int, at now: Instant) {
    probe?.advance(inUse: inUse, at: now)
  }

  /// Is told of a call that finds no room. It counts when calls that come back do: what a probe holds back
  /// the limit would not have.
  mutating func noteHeldBack(weight: Int) {
    if probe == nil, settling <= 0, !recovery.isRecovering { window.noteHeldBack(weight: weight) }
  }

  /// Is told of a call that comes back, before it leaves.
  mutating func leave(_ call: Call, _ outcome: Outcome, inUse: Int, at now: Instant) {
    // No more is asked for than a round.
    if sinceCut < fullLimit { sinceCut += call.weight }
    if outcome.pushback.overloaded {
      recovery.noteOverload()
      cut()
    }
    if outcome.verdict != .neutral,
      recovery.add(call, succeeded: outcome.verdict == .success, limit: limit)
    {
      concludeRound()
    }
    if recovery.isRecovering { return }
    let tells = tells(call, outcome.verdict)
    if let measurement = probe?.finish(call, tells, inUse: inUse, at: now) { return conclude(measurement) }
    guard probe == nil else { return }
    if settling > 0 {
      settling -= call.weight
    } else if tells {
      window.add(call.nanoseconds, inUse: call.inUse, weight: call.weight)
      if window.count >= learned, isTelling { close() }
    }
  }

  private mutating func concludeRound() {
    let learned = OutageRecovery.Known(
      limit: learned, nanoseconds: unloaded.isKnown ? unloaded.value : 0)
    guard case .recover(let limit, let nanoseconds) = recovery.concludeRound(learned) else { return }
    probe = nil
    window = LatencyWindow()
    rate.forget()
    unloaded.forget()
    unloaded.add(nanoseconds, information: Self.information)
    (growthPaysAt, windowsWithoutQueue, sinceProbe) = (nil, 0, 0)
    ceiling = .infinity
    set(limit)
    settling = fullLimit
  }

  /// Whether the duration of a call tells anything. One that was cancelled or failed may have been short for
  /// a hundred reasons; if it was longer than calls are, that tells as much as a success does.
  private func tells(_ call: Call, _ verdict: Verdict) -> Bool {
    if verdict == .success { return true }
    guard rate.isKnown else { return false }
    return Double(call.nanoseconds) > Double(call.inUse) / rate.value
  }

  /// The destination says that it is too much: a tenth less, at most once in a round.
  private mutating func cut() {
    guard sinceCut >= fullLimit else { return }
    sinceCut = 0
    set(learned * 0.9)
    ceiling = learned
  }
}

// MARK: - Decisions

extension AdaptiveLimit {
  private var isTelling: Bool {
    window.information >= Self.information || window.count >= Self.longestWindow
      || (window.count >= 32 && unloaded.isKnown && isBeyondDoubt)
  }

  /// Which share of their time the calls of the window were worked on: 1 is no queue at all.
  private var shareInWindow: Double { min(1, unloaded.value * window.rate / window.meanInUse) }

  /// Whether there is so little queue, and durations vary so little, that it is no accident.
  private var isBeyondDoubt: Bool {
    let share = shareInWindow
    return share >= 0.97 && share - 1 / Self.headroom > 3.5 * share * window.error
  }

  private mutating func close() {
    defer { window = LatencyWindow() }
    // Else it is not the limit that decides how much comes back, and nothing can be said about that.
    guard window.meanInUse >= 0.9 * Double(fullLimit) else { return growForBursts() }
    sinceProbe += window.count
    let known = unloaded.information
    let interval = known < 256 ? 250 : max(1000, 16 * learned)
    if known == 0 || sinceProbe >= interval {
      rate.add(window.rate, information: window.information)
      beginProbe(limit: learned / Self.headroom * Self.probedShare)
    } else {
      decide()
    }
  }

  private mutating func decide() {
    rate.add(window.rate, information: window.information)
    ceiling *= 1.05
    let before = fullLimit
    let shareInWindow = shareInWindow
    let bearable = min(unloaded.value * rate.value, window.meanInUse)
    if let pays = growthPaysAt, shareInWindow >= 0.95, window.rate < pays {
      // More was let in, none waited, and yet no more came back: what is taken for unloaded is not.
      return distrust()
    }
    if hasNoQueue(shareInWindow, bearable / window.meanInUse) {
      if growthPaysAt != nil { rate.forget() }
      growthPaysAt = window.rate * (1 + (Self.growth - 1) / 3)
      set(max(learned, window.meanInUse) * Self.growth)
      settle(from: before)
    } else {
      growthPaysAt = nil
      let target = bearable * Self.headroom
      // So much less is a slower destination or a smaller one: only a probe can tell.
      let isSlump = target < 0.75 * learned
      set(target)
      if isSlump { distrust() }
    }
  }

  /// Calls that come in bursts find the limit reached while it is not on average: where they are held back
  /// though the destination has hardly a queue, it is too low.
  private mutating func growForBursts() {
    guard window.heldBack >= Self.heldBackShare * window.count else { return }
    guard unloaded.isKnown else { return beginProbe(limit: learned / Self.headroom * Self.probedShare) }
    // Less of a queue than the headroom makes.
    guard shareInWindow >= 0.9 else { return }
    let before = fullLimit
    set(learned * Self.growth)
    settle(from: before)
  }

  private mutating func hasNoQueue(_ shareInWindow: Double, _ share: Double) -> Bool {
    windowsWithoutQueue = shareInWindow >= 0.97 ? windowsWithoutQueue + 1 : 0
    if share >= 0.95 || windowsWithoutQueue >= 2 { return true }
    if growthPaysAt != nil, shareInWindow >= 0.95 { return true }
    return isBeyondDoubt
  }

  private mutating func set(_ target: Double) {
    learned = min(max(min(target, ceiling), Double(policy.minimum)), Double(policy.maximum))
  }

  /// After a growth the calls that entered before it say nothing about it.
  private mutating func settle(from before: Int) {
    if fullLimit - before > max(1, before / 16) { settling = before }
  }

  private mutating func distrust() {
    growthPaysAt = nil
    windowsWithoutQueue = 0
    unloaded.forget()
    rate.forget()
    // Low enough for a window that was half before the change.
    beginProbe(limit: learned / 2)
  }

  private mutating func beginProbe(limit: Double) {
    window = LatencyWindow()
    probe = UnloadedProbe(limit: min(max(1, Int(limit)), fullLimit))
  }

  private mutating func conclude(_ measurement: UnloadedProbe.Measurement) {
    guard let limit = probe?.limit else { return }
    // As much came back as with more inside: this was loaded too. Lower.
    let isLoaded = rate.isKnown && measurement.nanoseconds * rate.value <= 1.05 * Double(limit)
    if isLoaded, limit > 1 { return beginProbe(limit: 0.75 * Double(limit)) }
    unloaded.add(measurement.nanoseconds, information: measurement.information)
    if rate.isKnown {
      let target = unloaded.value * rate.value * Self.headroom
      if target < 0.75 * learned { set(target) }
    }
    probe = nil
    sinceProbe = 0
    settling = limit
  }
}
