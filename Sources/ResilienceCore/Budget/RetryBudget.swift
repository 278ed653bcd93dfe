public import Synchronization

/// Bounds the extra load that retries may put on one destination.
///
/// Retries cause more outages than they prevent: three layers of four attempts turn one call into 64. With a budget of
/// 10 % each layer adds at most a tenth. One budget belongs to one destination, and is shared by everything that
/// repeats calls to it: retries, hedges, redeliveries.
///
/// Two kinds, behind one object:
/// - **A share of the calls**, ``init(_:ratio:reserve:)``: each call deposits a part of a token, each retry takes one.
/// - **A throttle**, ``throttle(_:maxTokens:tokenRatio:)``: failures take tokens, successes bring parts of them back, and
///   while less than half are left nothing is retried; gRPC's (A6), which needs no idea of how many calls there are. A
///   hedge that begins because an attempt is slow takes one as well.
///
/// A call deposits once, with its first outcome, in the outermost layer that shares the budget; a retry takes its token
/// when it is decided, before it waits. So of k calls that fail together exactly `reserve + ⌈ratio · k⌉` are tried again, in
/// whatever order they are looked at, and a reserve that a quiet destination has saved up stays small.
///
/// Layers around each other share one budget: only the outermost deposits, so that one further in with a budget of its own
/// would spend its reserve and never get it back; and a layer that finds the shared budget empty ends the call through all
/// of them, at once, with the work's own error.
///
/// Tokens are kept in thousandths, so that shares are exact. One atomic word; while it is full, a success costs a load.
public final class RetryBudget: Sendable {
  @usableFromInline static var tokenScale: Int64 { 1000 }

  /// Names the destination in metrics; empty when unnamed.
  public let name: String

  /// Tokens that each original call brings; of a throttle, that each success brings.
  public let ratio: Double

  /// The most tokens that can be saved up, and what a new budget starts with.
  public let reserve: Int

  /// What a call brings with its first outcome, if that is a success, and if it is none; with a later success.
  private let successDeposit: Int64
  private let failureDeposit: Int64
  private let laterSuccessDeposit: Int64
  /// A retry is granted when less than this is missing after it.
  private let limit: Int64
  private let countsFailures: Bool
  private let isUnbounded: Bool
  private let maximumScaled: Int64
  /// What is missing to the maximum, so that "full" is a comparison with 0.
  @usableFromInline let missing: Atomic<Int64>
  let granted = Atomic<UInt64>(0)
  let refused = Atomic<UInt64>(0)

  /// Creates a budget that allows a share of the calls to be repeated.
  ///
  /// - Parameters:
  ///   - name: The destination, for metrics. Default: unnamed.
  ///   - ratio: Retries per original call, 0 to 10. Default: 0.1, the share that Google's SRE book recommends.
  ///   - reserve: The most retries that can be saved up, 1 or more; a new budget starts with as many, so that a
  ///     quiet client may retry at all. Default: 3, as Envoy: a burst of ten would be a visible bump of a small service's load.
  public init(_ name: String = "", ratio: Double = 0.1, reserve: Int = 3) {
    precondition((0...10).contains(ratio), "a retry budget's ratio must be in 0 ... 10, was \(ratio)")
    precondition(
      (1...1_000_000_000).contains(reserve), "a retry budget's reserve must be in 1 ... 10⁹, was \(reserve)")
    self.name = name
    self.ratio = ratio
    self.reserve = reserve
    let deposit = Int64((ratio * Double(Self.tokenScale)).rounded())
    (successDeposit, failureDeposit, laterSuccessDeposit) = (deposit, deposit, 0)
    (countsFailures, isUnbounded) = (false, false)
    // One deposit must fit in whole.
    let start = Int64(reserve) * Self.tokenScale
    maximumScaled = max(start, deposit)
    // A retry is granted for the first thousandth of a token: k failures get ⌈ratio · k⌉.
    limit = maximumScaled + Self.tokenScale
    missing = Atomic(maximumScaled - start)
  }

  private init(throttle name: String, maxTokens: Int, tokenRatio: Double) {
    self.name = name
    ratio = tokenRatio
    reserve = maxTokens
    let deposit = Int64((tokenRatio * Double(Self.tokenScale)).rounded())
    (successDeposit, failureDeposit, laterSuccessDeposit) = (deposit, 0, deposit)
    maximumScaled = Int64(maxTokens) * Self.tokenScale
    limit = maximumScaled - maximumScaled / 2
    (countsFailures, isUnbounded) = (true, false)
    missing = Atomic(0)
  }

  private init() {
    (name, ratio, reserve) = ("", 0, 0)
    (successDeposit, failureDeposit, laterSuccessDeposit) = (0, 0, 0)
    (limit, maximumScaled) = (0, 0)
    (countsFailures, isUnbounded) = (false, true)
    missing = Atomic(0)
  }

  /// Grants every retry and keeps no account: what `nil` means where a budget is asked for.
  package static let unbounded = RetryBudget()

  /// Creates gRPC's throttle: each failed attempt takes a token, each success brings back a part of one, and nothing is
  /// retried unless more than half of the tokens are left.
  ///
  /// - Parameters:
  ///   - name: The destination, for metrics. Default: unnamed.
  ///   - maxTokens: The most tokens, 1 to 1000; it starts with as many. Default: 10: five failures in a row stop retries.
  ///   - tokenRatio: What a success brings, more than 0; three decimals count. Default: 0.1: ten successes for a failure.
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

  /// Retries that would be granted now, one after another.
  public var available: Int {
    let left = limit - missing.load(ordering: .relaxed) - 1
    return Int(max(0, left / Self.tokenScale))
  }

  /// Whether a deposit would change anything.
  @inlinable
  package var isBelowMaximum: Bool { missing.load(ordering: .relaxed) != 0 }

  // MARK: - By hand

  /// Notes one original call: once, when its first outcome is there, or when a hedge of it is decided before that.
  @inlinable
  public func deposit() {
    if isBelowMaximum { noteSuccess(isFirst: true) }
  }

  /// Takes the token for one retry.
  ///
  /// - Parameter depositing: Whether this is also the call's first outcome: deposits in the same step, so that calls that
  ///   fail together find each other's deposits.
  /// - Returns: `false` when there is none: the destination gets no more extra load.
  public func withdraw(depositing: Bool = false) -> Bool {
    if isUnbounded { return true }
    let deposit = depositing ? failureDeposit : 0
    var current = missing.load(ordering: .relaxed)
    while true {
      let lack = current - deposit + Self.tokenScale
      let isGranted = lack < limit
      let kept = isGranted ? lack : countsFailures ? min(maximumScaled, lack) : lack - Self.tokenScale
      let (exchanged, original) = missing.weakCompareExchange(
        expected: current, desired: max(0, kept), ordering: .relaxed)
      if exchanged {
        if isGranted {
          granted.wrappingAdd(1, ordering: .relaxed)
        } else {
          refused.wrappingAdd(1, ordering: .relaxed)
        }
        return isGranted
      }
      current = original
    }
  }

  /// Hands back the token of a retry that was not made after all.
  public func refund() {
    add(Self.tokenScale)
  }

  // MARK: - For the retry loop

  /// An attempt succeeded; `isFirst` when it is its call's first outcome.
  @usableFromInline
  @inline(never)
  package func noteSuccess(isFirst: Bool) {
    add(isFirst ? successDeposit : laterSuccessDeposit)
  }

  /// An attempt ended and is not retried, for reasons that are not the budget's.
  package func noteUnretried(isFirst: Bool, _ verdict: Verdict) {
    if verdict == .success { return noteSuccess(isFirst: isFirst) }
    add((isFirst ? failureDeposit : 0) - (countsFailures && verdict == .failure ? Self.tokenScale : 0))
  }

  /// Hands back what a retry took that was not sent after all. A throttle keeps it: there it counts the failure before.
  package func refundRetry() {
    if !countsFailures { refund() }
  }

  private func add(_ amount: Int64) {
    guard amount != 0 else { return }
    var current = missing.load(ordering: .relaxed)
    while true {
      let rest = max(0, current - amount)
      let kept = countsFailures ? min(maximumScaled, rest) : rest
      if kept == current { return }
      let (exchanged, original) = missing.weakCompareExchange(
        expected: current, desired: kept, ordering: .relaxed)
      if exchanged { return }
      current = original
    }
  }
}
