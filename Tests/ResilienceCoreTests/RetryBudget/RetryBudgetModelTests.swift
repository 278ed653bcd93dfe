import Testing

@testable import ResilienceCore

/// The rules of a budget as they are written down: a balance, in thousand millionths of a token.
private struct Account {
  let maximum: Int64
  let deposit: Int64
  let isThrottle: Bool
  var balance: Int64
  /// Nanoseconds after which a token comes by itself while less than the reserve is left.
  let interval: Int64?
  let reserve: Int64
  /// Since when the next one is under way.
  var startOfNext = Int64.min

  init(ratio: Double, reserve: Int64, interval: Int64? = nil) {
    deposit = Int64((ratio * 1e9).rounded())
    maximum = max(reserve * Self.token, deposit)
    balance = reserve * Self.token
    isThrottle = false
    self.interval = interval
    self.reserve = reserve * Self.token
  }

  init(maxTokens: Int64, tokenRatio: Double) {
    deposit = Int64((tokenRatio * 1000).rounded()) * 1_000_000
    maximum = maxTokens * Self.token
    balance = maximum
    isThrottle = true
    (interval, reserve) = (nil, maximum)
  }

  static let token: Int64 = 1_000_000_000

  /// One token after the other, as they come.
  private mutating func pass(to now: Int64) {
    guard let interval, now > startOfNext else { return }
    while balance < reserve, now - startOfNext >= interval {
      balance = min(reserve, balance + Self.token)
      startOfNext += interval
    }
    if balance >= reserve { startOfNext = now }
  }

  /// A retry is granted when more than this is left.
  private var threshold: Int64 { isThrottle ? maximum / 2 : -Self.token }

  func available(at now: Int64) -> Int {
    var (copy, count) = (self, 0)
    while copy.withdraw(depositing: false, at: now) { count += 1 }
    return count
  }

  mutating func withdraw(depositing: Bool, at now: Int64) -> Bool {
    pass(to: now)
    let deposited = balance + (depositing && !isThrottle ? deposit : 0)
    let isGranted = deposited - Self.token > threshold
    set(isGranted || isThrottle ? deposited - Self.token : deposited)
    return isGranted
  }

  mutating func succeed(isFirst: Bool) { if isFirst || isThrottle { set(balance + deposit) } }

  mutating func refund() { set(balance + Self.token) }

  mutating func end(isFirst: Bool, _ verdict: Verdict) {
    switch verdict {
    case .success: succeed(isFirst: isFirst)
    case .failure: set(isThrottle ? balance - Self.token : balance + (isFirst ? deposit : 0))
    case .neutral: if isFirst, !isThrottle { set(balance + deposit) }
    }
  }

  private mutating func set(_ value: Int64) {
    balance = min(maximum, isThrottle ? max(0, value) : value)
  }
}

@Suite struct RetryBudgetModelTests {
  @Test(arguments: [0, 1e-9, 0.000_3, 0.001, 0.1, 0.37, 1, 1.5, 10], [1, 3, 100])
  func aShareKeepsItsAccount(ratio: Double, reserve: Int) {
    compare(
      RetryBudget(ratio: ratio, reserve: reserve, refillInterval: nil),
      Account(ratio: ratio, reserve: Int64(reserve)))
  }

  /// A step takes up to a microsecond.
  @Test(arguments: [0, 0.000_3, 0.1, 1, 10], [1, 3, 100])
  func aShareWithTimeKeepsItsAccount(ratio: Double, reserve: Int) {
    for interval in [1, 700, 20_000, .max] as [Int64] {
      compare(
        RetryBudget(ratio: ratio, reserve: reserve, refillInterval: .nanoseconds(interval)),
        Account(ratio: ratio, reserve: Int64(reserve), interval: interval))
    }
  }

  @Test(arguments: [0.001, 0.1, 1, 2.5, 1000], [1, 3, 10, 1000])
  func aThrottleKeepsItsAccount(ratio: Double, maxTokens: Int) {
    compare(
      RetryBudget.throttle(maxTokens: maxTokens, tokenRatio: ratio),
      Account(maxTokens: Int64(maxTokens), tokenRatio: ratio))
  }

  /// Runs of the same operation, so that both ends are reached.
  private func compare(_ budget: RetryBudget, _ start: Account) {
    var account = start
    let random = SeededRandomSource(seed: 5)
    var differences: [String] = []
    var now: Int64 = -50_000
    for step in 1...300 where differences.isEmpty {
      // Now and then a clock that is behind.
      now += Int64(random.next(below: 1000)) - (random.next(below: 10) == 0 ? 800 : 0)
      let instant = Instant(nanoseconds: now)
      let kind = random.next(below: 8)
      let (isFirst, verdict) = (random.next(below: 2) == 0, Verdict.allOfThem[Int(random.next(below: 3))])
      for _ in 0...random.next(below: 12) {
        switch kind {
        case 0, 1, 2:
          let isGranted = account.withdraw(depositing: isFirst, at: now)
          if budget.withdraw(depositing: isFirst, at: instant) != isGranted {
            differences.append("\(step) withdraw")
          }
        case 3:
          account.refund()
          budget.refund()
        case 4:
          account.succeed(isFirst: true)
          budget.deposit()
        case 5:
          // As the loop does: asked only when it would change anything.
          account.succeed(isFirst: isFirst)
          if budget.isBelowMaximum { budget.noteSuccess(isFirst: isFirst) }
        default:
          account.end(isFirst: isFirst, verdict)
          budget.noteUnretried(isFirst: isFirst, verdict)
        }
        if budget.isBelowMaximum != (account.balance < account.maximum) { differences.append("\(step) full") }
      }
      if budget.available(at: instant) != account.available(at: now) {
        differences.append(
          "\(step): \(budget.available(at: instant)) instead of \(account.available(at: now))")
      }
    }
    #expect(differences.isEmpty)
    #expect(budget.available <= budget.snapshot().reserve || budget.ratio > 1)
  }

  /// Calls that fail once each leave nine tenths of what they deposit.
  @Test func failuresDoNotSaveUpMoreThanTheReserveEither() {
    let budget = RetryBudget(ratio: 10, reserve: 20)
    for _ in 1...1000 { #expect(budget.withdraw(depositing: true)) }
    #expect(budget.available == 20)
    #expect(!budget.isBelowMaximum)
  }

  @Test func theUnboundedOneGrantsEverythingAndKeepsNoAccount() {
    let budget = RetryBudget.unbounded
    #expect((1...1000).allSatisfy { _ in budget.withdraw() && budget.withdraw(depositing: true) })
    budget.refund()
    budget.deposit()
    budget.noteSuccess(isFirst: true)
    for verdict in Verdict.allOfThem { budget.noteUnretried(isFirst: true, verdict) }
    #expect(budget.withdraw())
    #expect(!budget.isBelowMaximum)
    #expect(budget.snapshot().granted == 0)
    #expect(budget.snapshot().refused == 0)
  }
}

extension Verdict {
  fileprivate static let allOfThem: [Verdict] = [.success, .failure, .neutral]
}
