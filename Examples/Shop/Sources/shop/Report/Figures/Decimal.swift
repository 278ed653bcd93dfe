/// Numbers as the report writes them, the same on every machine.
enum Decimal {
  /// With so many places after the point.
  static func text(_ value: Double, _ places: Int) -> String {
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    // What does not fit is more than any day comes to.
    let scaled = Int(exactly: (value * scale).rounded()) ?? Int.max
    let digits = String(abs(scaled))
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    let fraction = places == 0 ? "" : "." + padded.suffix(places)
    return (scaled < 0 ? "-" : "") + padded.dropLast(places) + fraction
  }

  static func percent(_ share: Double) -> String { "\(text(share * 100, 2)) %" }
}
