internal import ResilienceCore

/// When the failures and slow results of a count window came, by eighths of the age at which they are
/// forgiven.
///
/// Successes have no time, as no clock is read for them. Kept is only the number of the latest of each
/// eighth: with it, all before it pass.
struct FailureAges: Sendable {
  private let sliceNanoseconds: Int64
  private var latest = InlineArray<8, Int>(repeating: .min)
  private var present = Int64.min

  /// - Parameter maxAge: In nanoseconds; `nil` for failures that never pass.
  init(maxAge: Int64?) {
    // Of slices so long there are never eight.
    sliceNanoseconds = maxAge.map { max(1, $0 / 8) } ?? .max
  }

  /// Notes the result of this number, which is higher than any before it; what has passed by `now` must have
  /// been taken.
  mutating func note(_ number: Int, at now: Instant) {
    // An instant before the present slice counts into it.
    present = max(present, slice(of: now))
    latest[place(of: present)] = number
  }

  /// The number of the latest result that has passed its age by `now`, and had not yet.
  mutating func pass(to now: Instant) -> Int? {
    let slice = slice(of: now)
    guard slice > present else { return nil }
    var passed = Int.min
    for offset in 0..<min(8, slice.subtractingSaturating(present)) {
      let place = place(of: slice - offset)
      passed = max(passed, latest[place])
      latest[place] = .min
    }
    present = slice
    return passed == .min ? nil : passed
  }

  mutating func removeAll() {
    for place in latest.indices { latest[place] = .min }
  }

  /// Takes the results of another window, whose numbers were others; they are no older for it.
  mutating func append(_ other: FailureAges, shift: Int) {
    for offset in stride(from: 7 as Int64, through: 0, by: -1) {
      let slice = other.present.subtractingSaturating(offset)
      let number = other.latest[place(of: slice)]
      guard number != .min else { continue }
      let end = slice.addingSaturating(1).multiplyingSaturating(other.sliceNanoseconds)
      note(number &+ shift, at: Instant(nanoseconds: end.subtractingSaturating(1)))
    }
  }

  private func slice(of now: Instant) -> Int64 {
    now.nanoseconds.flooredDivision(by: sliceNanoseconds).quotient
  }

  private func place(of slice: Int64) -> Int { Int(truncatingIfNeeded: slice & 7) }
}
