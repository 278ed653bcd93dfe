/// The same day under the same faults, bare and with the toolkit.
enum TwoPlays {
  static func run(
    _ lines: [InvoiceLine], seed: UInt64, progress: @escaping @Sendable (String) -> Void
  ) throws -> (result: DayResult, troubledOrder: String) {
    let post = try MorningPost.open(lines, seed: seed)
    progress("morning post: \(post.intake.lines) lines, \(post.intake.invoices.count) orders")
    let bare = try Play(intake: post.intake, isProtected: false) { progress("bare         \($0)") }.run(
      seed: seed)
    let toolkit = try Play(intake: post.intake, isProtected: true) { progress("with toolkit \($0)") }.run(
      seed: seed)
    let intake = post.intake
    let result = DayResult(
      seed: seed, invoices: intake.invoiceNumbers.count,
      lines: DayResult.Lines(
        total: intake.lines, accepted: intake.acceptedLines, cancelled: intake.cancelledLines,
        refused: post.deadLetters, refusedByReason: intake.refusedByReason),
      bare: bare.figures, toolkit: toolkit.figures)
    return (result, toolkit.troubledOrder)
  }
}
