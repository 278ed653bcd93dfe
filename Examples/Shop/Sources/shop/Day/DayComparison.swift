/// The same day under the same faults, bare and with the toolkit.
enum DayComparison {
  static func run(
    _ lines: [InvoiceLine], slashes: DayTime.SlashOrder = .monthFirst, seed: UInt64,
    progress: @escaping @Sendable (String) -> Void
  ) throws -> (result: DayResult, troubledOrder: String) {
    let imported = try InvoiceImport.open(lines, slashes: slashes, seed: seed)
    progress("invoices: \(imported.intake.lines) lines, \(imported.intake.invoices.count) orders")
    let bare = try DayRun(intake: imported.intake, isProtected: false) { progress("bare         \($0)") }.run(
      seed: seed)
    let toolkit = try DayRun(intake: imported.intake, isProtected: true) { progress("with toolkit \($0)") }
      .run(
        seed: seed)
    let intake = imported.intake
    let result = DayResult(
      seed: seed, invoices: intake.invoiceNumbers.count,
      lines: DayResult.Lines(
        total: intake.lines, accepted: intake.acceptedLines, cancelled: intake.cancelledLines,
        refused: imported.deadLetters, refusedByReason: intake.refusedByReason),
      bare: bare.figures, toolkit: toolkit.figures)
    return (result, toolkit.troubledOrder)
  }
}
