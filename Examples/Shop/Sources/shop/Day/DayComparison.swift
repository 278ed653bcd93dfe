/// The same day under the same faults, bare and with the toolkit.
struct DayComparison: Sendable {
  var result: DayResult
  var bare: DayRecord
  var toolkit: DayRecord
  /// What goes wrong, and when: the same in both runs.
  var faults: FaultSchedule
  var day: DayClock
  /// The valid orders, by their numbers.
  var invoices: [String: Invoice]

  /// A run as it is watched.
  struct Moment: Sendable {
    var isProtected: Bool
    var sample: DaySample
    var day: DayClock
    var faults: FaultSchedule
    /// The valid orders of the day.
    var orders: Int
  }

  static func run(
    _ lines: [InvoiceLine], slashes: DayTime.SlashOrder = .monthFirst, seed: UInt64,
    progress: @escaping @Sendable (Moment) -> Void
  ) throws -> DayComparison {
    let imported = try InvoiceImport.open(lines, slashes: slashes, seed: seed)
    let intake = imported.intake
    let timetable = Timetable(intake.invoices)
    func run(isProtected: Bool) throws -> DayRun.Result {
      try DayRun(intake: intake, isProtected: isProtected) { sample, day in
        progress(
          Moment(
            isProtected: isProtected, sample: sample, day: day, faults: timetable.faults,
            orders: intake.invoices.count))
      }.run(seed: seed)
    }
    let (bare, toolkit) = (try run(isProtected: false), try run(isProtected: true))
    let lines = DayResult.Lines(
      total: intake.lines, accepted: intake.acceptedLines, cancelled: intake.cancelledLines,
      refused: imported.deadLetters, refusedByReason: intake.refusedByReason)
    return DayComparison(
      result: DayResult(
        seed: seed, invoices: intake.invoiceNumbers.count, lines: lines, bare: bare.figures,
        toolkit: toolkit.figures,
        shippedInBoth: DayResult.ShippedInBoth(bare.record.latencies, toolkit.record.latencies)),
      bare: bare.record, toolkit: toolkit.record, faults: timetable.faults, day: timetable.day,
      invoices: Dictionary(intake.invoices.map { ($0.number, $0) }) { first, _ in first })
  }
}

extension DayResult.ShippedInBoth {
  init(_ bare: [String: Double], _ toolkit: [String: Double]) {
    let both = Set(bare.keys).intersection(toolkit.keys)
    self.init(
      orders: both.count, bareLatencySeconds: Mean.of(bare.filter { both.contains($0.key) }),
      toolkitLatencySeconds: Mean.of(toolkit.filter { both.contains($0.key) }))
  }
}
