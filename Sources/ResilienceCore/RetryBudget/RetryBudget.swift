public import Synchronization

/// Bounds the extra load that retries may put on one destination.
///
/// Retries cause more outages than they prevent: three layers of four attempts turn one call into 64. With a
/// budget of 10 % each layer adds at most a tenth. One budget belongs to one destination, and is shared by
/// everything that repeats calls to it: retries, hedges, redeliveries.
///
/// Two kinds, behind one object:
/// - **A share of the calls**, ``init(_:ratio:reserve:refillInterval:)``: each call deposits a part of a
///   token, each retry takes one, and time brings one now and then, so that a client that makes one call an
///   hour may retry each of them.
/// - **A throttle**, ``throttle(_:maxTokens:tokenRatio:)``: failures take tokens, successes bring parts of
///   them back, and while less than half are left nothing is retried; gRPC's (A6), which needs no idea of how
///   many calls there are. A hedge that begins because an attempt is slow takes one as well.
///
/// A call deposits once, with its first outcome, in the outermost layer that shares the budget; a retry takes
/// its token when it is decided, before it waits. So of k calls that fail together exactly
/// `reserve + ⌈ratio · k⌉` are tried again, in whatever order they are looked at, and a reserve that a quiet
/// destination has saved up stays small.
///
/// Layers around each other share one budget: only the outermost deposits, so that one further in with a
/// budget of its own would spend its reserve and get back only what time brings; and a layer that finds the
/// shared budget empty ends the call through all of them, at once, with the work's own error.
///
/// Two atomic words: what is missing, and when time was last counted. While nothing is missing, a success
/// costs a load; the clock is read only when a retry is asked for.
public final class RetryBudget: Sendable {
  /// Names the destination in metrics; empty when unnamed.
  public let name: String

  /// Tokens that each original call brings; of a throttle, that each success brings.
  public let ratio: Double

  /// The most tokens that can be saved up, and what a new budget starts with.
  public let reserve: Int

  /// How long it takes until time alone brings a token; `nil` when it never does.
  public let refillInterval: Duration?

  private let rules: RetryBudgetRules
  private let isUnbounded: Bool
  /// What is missing to the maximum, so that "full" is a comparison with 0.
  @usableFromInline let missing: Atomic<Int64>
  /// Up to when time has been counted, in nanoseconds: who moves it owns the tokens of that time.
  private let countedUntil = Atomic<Int64>(.min)
  let granted = Atomic<UInt64>(0)
  let refused = Atomic<UInt64>(0)

  /// Creates a budget that allows a share of the calls to be repeated.
  ///
  /// - Parameters:
  ///   - name: The destination, for metrics. Default: unnamed.
  ///   - ratio: Retries per original call: 0, or 10⁻⁹ to 10; nine decimals count. Default: 0.1, the share
  ///     that Google's SRE book recommends.
  ///   - reserve: The most retries that can be saved up, 1 to 10⁹; a new budget starts with as many, so that
  ///     a quiet client may retry at all. Default: 3, as Envoy: a burst of ten would be a visible bump of a
  ///     small service's load.
  ///   - refillInterval: How long it takes until time alone brings one retry, while less than the reserve is
  ///     left: more than 0; `nil` for never. Default: 20 s: a reserve of 3 is whole again after a minute, and
  ///     at one call a second or more time and share together stay within 15 % of the calls. (Finagle's
  ///     default, 10 a second, lets a client of ten calls a second repeat all of them.)
  public init(
    _ name: String = "", ratio: Double = 0.1, reserve: Int = 3, refillInterval: Duration? = .seconds(20)
  ) {
    precondition(
      ratio == 0 || (1e-9...10).contains(ratio),
      "a retry budget's ratio must be 0 or in 10⁻⁹ ... 10, was \(ratio)")
    precondition(
      (1...1_000_000_000).contains(reserve), "a retry budget's reserve must be in 1 ... 10⁹, was \(reserve)")
    if let refillInterval {
      precondition(
        refillInterval > .zero, "a retry budget's refillInterval must be more than 0, was \(refillInterval)")
    }
    self.name = name
    self.ratio = ratio
    self.reserve = reserve
    self.refillInterval = refillInterval
    rules = RetryBudgetRules(
      ratio: ratio, reserve: reserve, refillInterval: refillInterval.map { max(1, $0.clampedNanoseconds) })
    isUnbounded = false
    missing = Atomic(rules.start)
  }

  private init(throttle name: String, maxTokens: Int, tokenRatio: Double) {
    self.name = name
    ratio = tokenRatio
    reserve = maxTokens
    refillInterval = nil
    rules = RetryBudgetRules(maxTokens: maxTokens, tokenRatio: tokenRatio)
    isUnbounded = false
    missing = Atomic(rules.start)
  }

  private init() {
    (name, ratio, reserve, refillInterval) = ("", 0, 0, nil)
    rules = RetryBudgetRules(ratio: 0, reserve: 0, refillInterval: nil)
    isUnbounded = true
    missing = Atomic(0)
  }

  /// Grants every retry and keeps no account: what `nil` means where a budget is asked for.
  package static let unbounded = RetryBudget()

  /// Creates gRPC's throttle: each failed attempt takes a token, each success brings back a part of one, and
  /// nothing is retried unless more than half of the tokens are left. Time brings nothing: A6 knows none.
  ///
  /// - Parameters:
  ///   - name: The destination, for metrics. Default: unnamed.
  ///   - maxTokens: The most tokens, 1 to 1000; it starts with as many. Default: 10: five failures in a row
  ///     stop retries.
  ///   - tokenRatio: What a success brings, 0.001 to 1000; three decimals count. Default: 0.1: ten successes
  ///     for a failure.
  public static func throttle(
    _ name: String = "", maxTokens: Int = 10, tokenRatio: Double = 0.1
  ) -> RetryBudget {
    precondition(
      (1...1000).contains(maxTokens), "a retry throttle's maxTokens must be in 1 ... 1000, was \(maxTokens)")
    precondition(
      (0.001...1000).contains(tokenRatio),
      "a retry throttle's tokenRatio must be in 0.001 ... 1000, was \(tokenRatio)")
    return RetryBudget(throttle: name, maxTokens: maxTokens, tokenRatio: tokenRatio)
  }

  /// Whether a deposit would change anything.
  @inlinable
  package var isBelowMaximum: Bool { missing.load(ordering: .relaxed) != 0 }

  // MARK: - By hand

  /// Notes one original call: once, when its first outcome is there, or when a hedge of it is decided before
  /// that.
  @inlinable
  public func deposit() {
    if isBelowMaximum { noteSuccess(isFirst: true) }
  }

  /// Takes the token for one retry, at the present instant of the current context's clock.
  ///
  /// - Parameter depositing: See ``withdraw(depositing:at:)``.
  /// - Returns: `false` when there is none: the destination gets no more extra load.
  public func withdraw(depositing: Bool = false) -> Bool {
    withdraw(depositing: depositing, at: CallContext.current.readClock())
  }

  /// Takes the token for one retry.
  ///
  /// - Parameters:
  ///   - depositing: Whether this is also the call's first outcome: deposits in the same step, so that calls
  ///     that fail together find each other's deposits.
  ///   - now: When it is asked for; what time has brought since the last time that somebody asked is counted.
  ///     An instant before that brings nothing. Not evaluated where time brings nothing anyway.
  /// - Returns: `false` when there is none: the destination gets no more extra load.
  public func withdraw(depositing: Bool = false, at now: @autoclosure () -> Instant) -> Bool {
    if isUnbounded { return true }
    let refill = rules.isTimed ? countTime(until: now().nanoseconds) : 0
    var isGranted = false
    change { missing in
      let step = rules.withdrawal(missing, depositing: depositing, refill: refill)
      isGranted = step.isGranted
      return step.missing
    }
    if isGranted {
      granted.wrappingAdd(1, ordering: .relaxed)
    } else {
      refused.wrappingAdd(1, ordering: .relaxed)
    }
    return isGranted
  }

  /// Hands back the token of a retry that was not made after all.
  public func refund() {
    change { rules.refund($0) }
  }

  // MARK: - For the retry loop

  /// An attempt succeeded; `isFirst` when it is its call's first outcome.
  @usableFromInline
  @inline(never)
  package func noteSuccess(isFirst: Bool) {
    change { rules.success($0, isFirst: isFirst) }
  }

  /// An attempt ended and is not retried, for reasons that are not the budget's.
  package func noteUnretried(isFirst: Bool, _ verdict: Verdict) {
    if verdict == .success { return noteSuccess(isFirst: isFirst) }
    change { rules.failure($0, isFirst: isFirst, verdict) }
  }

  /// Hands back what a retry took that was not sent after all. A throttle keeps it: there it counts the
  /// failure before.
  package func refundRetry() {
    if !rules.countsFailures { refund() }
  }

  // MARK: - The words

  private func countTime(until now: Int64) -> Int64 {
    var last = countedUntil.load(ordering: .relaxed)
    while last < now {
      let step = rules.refill(missing.load(ordering: .relaxed), from: last, to: now)
      if step.countedUntil == last { return 0 }
      let (exchanged, original) = countedUntil.weakCompareExchange(
        expected: last, desired: step.countedUntil, ordering: .relaxed)
      if exchanged { return step.tokens }
      last = original
    }
    return 0
  }

  @inline(__always)
  private func change(_ step: (_ missing: Int64) -> Int64) {
    var current = missing.load(ordering: .relaxed)
    while true {
      let next = step(current)
      if next == current { return }
      let (exchanged, original) = missing.weakCompareExchange(
        expected: current, desired: next, ordering: .relaxed)
      if exchanged { return }
      current = original
    }
  }
}

// MARK: - Reading

extension RetryBudget {
  /// Retries that would be granted one after another, without what time has brought since one was last asked
  /// for.
  public var available: Int { rules.available(missing.load(ordering: .relaxed), refill: 0) }

  /// Retries that would be granted one after another at `now`.
  public func available(at now: Instant) -> Int {
    let (missing, last) = (missing.load(ordering: .relaxed), countedUntil.load(ordering: .relaxed))
    let isLater = rules.isTimed && last < now.nanoseconds
    return rules.available(
      missing, refill: isLater ? rules.refill(missing, from: last, to: now.nanoseconds).tokens : 0)
  }
}
