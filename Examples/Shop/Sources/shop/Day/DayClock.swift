import ResilienceCore

/// The simulation's clock as seconds of the shop's day.
struct DayClock: Sendable {
  /// Seconds since midnight at the simulation's instant zero: when the doors open.
  let opening: Int

  /// Seconds since the doors opened.
  var secondsOpen: Int { Int(CallContext.current.readClock().nanoseconds / 1_000_000_000) }

  /// Waits until so many seconds after opening; returns at once when that is past.
  func wait(until second: Int) async throws {
    try await CallContext.current.clock.sleep(until: Instant(nanoseconds: Int64(second) * 1_000_000_000))
  }

  /// Waits a random stretch.
  static func pause(_ range: ClosedRange<Int>) async throws {
    let context = CallContext.current
    let milliseconds = range.lowerBound + Int(context.random() % UInt64(range.count))
    try await context.clock.sleep(for: .milliseconds(milliseconds))
  }

  /// `09:30` for a number of seconds after opening.
  func wallTime(_ second: Int) -> String {
    let time = opening + second
    return "\(DayTime.twoDigits(time / 3600 % 24)):\(DayTime.twoDigits(time / 60 % 60))"
  }
}
