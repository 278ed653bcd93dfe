internal import ResilienceCore

/// Offsets and lengths of one waterfall, in one unit.
struct WaterfallScale {
  static let columns: Int64 = 40

  let start: Instant
  let total: Int64
  let unit: String
  let width: Int
  private let divisor: Int64

  init(start: Instant, end: Instant) {
    self.start = start
    total = start.nanoseconds(to: end)
    (unit, divisor) =
      switch total {
      case 10_000_000_000...: ("s", 1_000_000_000)
      case 10_000_000...: ("ms", 1_000_000)
      default: ("µs", 1000)
      }
    width = Self.text(total, divisor).count
  }

  func text(_ nanoseconds: Int64) -> String { Self.text(nanoseconds, divisor) }

  private static func text(_ nanoseconds: Int64, _ divisor: Int64) -> String {
    let thousandths = max(0, nanoseconds) / (divisor / 1000)
    let fraction = String(1000 + thousandths % 1000).dropFirst()
    return "\(thousandths / 1000).\(fraction)"
  }

  func padded(_ nanoseconds: Int64) -> String {
    let text = text(nanoseconds)
    return String(repeating: " ", count: max(0, width - text.count)) + text
  }

  /// At least one column wide, so that every span can be seen.
  func bar(_ span: SpanRecord) -> String {
    let first = min(column(span.start), Self.columns - 1)
    let end = max(column(span.end), first + 1)
    return String(repeating: " ", count: Int(first)) + String(repeating: "#", count: Int(end - first))
      + String(repeating: " ", count: Int(Self.columns - end))
  }

  /// Where an instant stands, in ten-thousandths of the whole.
  func position(_ instant: Instant) -> Int64 { share(of: instant, parts: 10_000) }

  private func column(_ instant: Instant) -> Int64 { share(of: instant, parts: Self.columns) }

  private func share(of instant: Instant, parts: Int64) -> Int64 {
    guard total > 0 else { return 0 }
    let elapsed = min(max(0, start.nanoseconds(to: instant)), total)
    let (quotient, _) = total.dividingFullWidth(elapsed.multipliedFullWidth(by: parts))
    return quotient
  }
}
