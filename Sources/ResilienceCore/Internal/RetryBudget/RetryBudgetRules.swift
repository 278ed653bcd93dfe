/// The arithmetic of a ``RetryBudget``: what is missing to its maximum after a step, from what was missing
/// before.
///
/// In thousand millionths of a token, so that shares of nine decimals are exact and the largest reserve still
/// fits.
struct RetryBudgetRules: Sendable {
  static var tokenScale: Int64 { 1_000_000_000 }

  /// What a call brings with its first outcome, if that is a success, and if it is none; what a later success
  /// brings.
  private let successDeposit: Int64
  private let failureDeposit: Int64
  private let laterSuccessDeposit: Int64
  /// Whether a token is taken by a failure, and not by the retry after it.
  let countsFailures: Bool
  private let reserve: Int64
  private let maximum: Int64
  /// A retry is granted when less than this is missing after it.
  private let limit: Int64
  /// Nanoseconds until time brings a token; `nil` for never.
  private let refillInterval: Int64?
  /// What is missing at the beginning; time alone never makes it less.
  let start: Int64

  /// A share of the calls.
  init(ratio: Double, reserve: Int, refillInterval: Int64?) {
    let deposit = Self.tokens(ratio)
    (successDeposit, failureDeposit, laterSuccessDeposit) = (deposit, deposit, 0)
    countsFailures = false
    self.reserve = Int64(reserve)
    // One deposit must fit in whole.
    maximum = max(self.reserve * Self.tokenScale, deposit)
    start = maximum - self.reserve * Self.tokenScale
    // A retry is granted for the smallest part of a token: k failures get ⌈ratio · k⌉.
    limit = maximum + Self.tokenScale
    self.refillInterval = refillInterval
  }

  /// gRPC's throttle.
  init(maxTokens: Int, tokenRatio: Double) {
    // "Up to three decimal places."
    let deposit = Int64((tokenRatio * 1000).rounded()) * (Self.tokenScale / 1000)
    (successDeposit, failureDeposit, laterSuccessDeposit) = (deposit, 0, deposit)
    countsFailures = true
    maximum = Int64(maxTokens) * Self.tokenScale
    limit = maximum - maximum / 2
    (refillInterval, start, reserve) = (nil, 0, Int64(maxTokens))
  }

  private static func tokens(_ ratio: Double) -> Int64 { Int64((ratio * Double(tokenScale)).rounded()) }

  /// Whether time brings anything.
  var isTimed: Bool { refillInterval != nil }

  // MARK: - Steps

  /// What time has brought from `last` to `now`, which is later: whole tokens, and up to when it is counted
  /// with them.
  ///
  /// Whole ones, so that failures of about the same time get the share and the reserve, and no more. Time
  /// begins to count when something begins to be missing.
  func refill(_ missing: Int64, from last: Int64, to now: Int64) -> (tokens: Int64, countedUntil: Int64) {
    guard let refillInterval, missing > start else { return (0, now) }
    let tokens = now.subtractingSaturating(last) / refillInterval
    // A part of a token more than the reserve may be missing.
    let isWhole = tokens > reserve || tokens * Self.tokenScale >= missing - start
    return (min(tokens, reserve + 1), isWhole ? now : last + tokens * refillInterval)
  }

  /// - Parameters:
  ///   - depositing: Whether the failure is also the first outcome of its call.
  ///   - refill: Tokens that time has brought.
  func withdrawal(_ missing: Int64, depositing: Bool, refill: Int64) -> (missing: Int64, isGranted: Bool) {
    let before = refilled(missing, refill) - (depositing ? failureDeposit : 0)
    let after = before + Self.tokenScale
    if after < limit { return (max(0, after), true) }
    return (max(0, countsFailures ? min(maximum, after) : before), false)
  }

  func refund(_ missing: Int64) -> Int64 { adding(Self.tokenScale, to: missing) }

  func success(_ missing: Int64, isFirst: Bool) -> Int64 {
    adding(isFirst ? successDeposit : laterSuccessDeposit, to: missing)
  }

  /// After an attempt that is no success, and is not retried for reasons that are not the budget's.
  func failure(_ missing: Int64, isFirst: Bool, _ verdict: Verdict) -> Int64 {
    let taken = countsFailures && verdict == .failure ? Self.tokenScale : 0
    return adding((isFirst ? failureDeposit : 0) - taken, to: missing)
  }

  private func adding(_ amount: Int64, to missing: Int64) -> Int64 {
    let rest = max(0, missing - amount)
    return countsFailures ? min(maximum, rest) : rest
  }

  private func refilled(_ missing: Int64, _ refill: Int64) -> Int64 {
    missing > start ? max(start, missing - refill * Self.tokenScale) : missing
  }

  // MARK: - Reading

  /// How many retries would be granted one after another.
  func available(_ missing: Int64, refill: Int64) -> Int {
    Int(max(0, (limit - refilled(missing, refill) - 1) / Self.tokenScale))
  }
}
