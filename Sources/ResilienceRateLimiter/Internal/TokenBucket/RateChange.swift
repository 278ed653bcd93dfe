internal import ResilienceCore

/// One rate's ticks in those of another: what is owed at the moment of the change stays, in permits.
struct RateChange {
  private let oldInterval: Int64
  private let newInterval: Int64
  private let oldNow: Int128
  private let newNow: Int128

  init(from old: GenericCellRate, to new: GenericCellRate, at nanoseconds: Int64) {
    oldInterval = old.interval
    newInterval = new.interval
    oldNow = old.ticks(nanoseconds)
    newNow = new.ticks(nanoseconds)
  }

  func moved(_ instant: Int128) -> Int128 {
    instant > Steps.longAgo / 2 ? max(Steps.longAgo, newNow + scaled(instant - oldNow)) : Steps.longAgo
  }

  func moved(_ steps: Steps) -> Steps { Steps(sum: scaled(steps.sum), floor: moved(steps.floor)) }

  /// The ticks of as many permits, rounded up; what was taken without a limit was no permits.
  func scaled(_ ticks: Int128) -> Int128 {
    if oldInterval == 0 { return 0 }
    let (permits, rest) = ticks.quotientAndRemainder(dividingBy: Int128(oldInterval))
    guard permits > Int128(Int64.min) else { return Steps.longAgo }
    let part = (rest * Int128(newInterval)).dividedRoundingUp(by: Int128(oldInterval))
    return min(permits, Int128(Int64.max)) * Int128(newInterval) + part
  }
}

extension GenericCellRate {
  /// The ticks since the clock's zero point.
  @inline(__always)
  func ticks(_ nanoseconds: Int64) -> Int128 { Int128(nanoseconds) * Int128(ticksPerNanosecond) }

  /// The first nanosecond that is not before `ticks`, of a rate that is timed.
  func nanoseconds(_ ticks: Int128) -> Int64 {
    Int64(clamping: ticks.dividedRoundingUp(by: Int128(ticksPerNanosecond)))
  }
}

extension Int128 {
  fileprivate func dividedRoundingUp(by divisor: Int128) -> Int128 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder > 0 ? quotient + 1 : quotient
  }
}
