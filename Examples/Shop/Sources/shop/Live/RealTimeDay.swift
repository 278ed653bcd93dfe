import Resilience

/// The day with the toolkit on the clock of whoever calls, which is the system's, in two minutes.
///
/// The whole day is quicker, and not only its customers: a timeout of two seconds is one of some
/// milliseconds.
struct RealTimeDay: Sendable {
  static let seconds = 120

  let content: InvoiceFile.Content

  /// Plays the day, and says how it ended.
  func run(_ watch: @escaping @Sendable (DayComparison.Moment) -> Void) async throws -> DayRun.Result {
    var intake = Intake(slashes: content.slashes)
    for line in content.lines { try? intake.take(line) }
    let timetable = Timetable(intake.invoices)
    let orders = intake.invoices.count
    let day = DayRun(intake: intake, isProtected: true) { sample, day in
      watch(
        DayComparison.Moment(
          isProtected: true, sample: sample, day: day, faults: timetable.faults, orders: orders))
    }
    let factor = Double(max(Self.seconds, timetable.openSeconds)) / Double(Self.seconds)
    return try await day.run(on: ScaledClock(CallContext.current.clock, factor: factor))
  }

  /// What is said at the end.
  static func lines(_ result: DayRun.Result) -> [String] {
    let figures = result.figures
    let orders = figures.orders
    return [
      "with the toolkit, in \(seconds) seconds of real time: \(orders.completed) of \(orders.valid) orders shipped, "
        + "\(orders.lost) lost, \(orders.chargedTwice) charged twice",
      "\(figures.retriesSpent) retries, \(figures.redeliveries) redeliveries, "
        + "\(figures.requestsLimited) requests refused by the rate limit, "
        + "breakers open for \(Decimal.text(figures.breakerOpenSeconds, 0)) s of the day",
      "invariants broken: \(figures.brokenInvariants.count)",
    ] + figures.brokenInvariants.map { "  \($0)" }
  }
}
