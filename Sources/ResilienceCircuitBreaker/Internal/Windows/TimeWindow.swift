internal import ResilienceCore

/// The results of the latest so much time, in slices: the present one and those before it.
struct TimeWindow: Sendable {
  private let sliceNanoseconds: Int64
  private var slices: [CallTally]
  private var present = Int64.min
  // Of the present slice: when it ends, and where it is.
  private var presentEnd = Int64.min
  private var presentPlace = 0

  init(nanoseconds: Int64, slices count: Int) {
    sliceNanoseconds = max(1, nanoseconds / Int64(count))
    slices = Array(repeating: CallTally(), count: count)
    presentPlace = place(of: present)
  }

  mutating func append(_ result: CallResult, at now: Instant, to tally: inout CallTally) {
    advance(to: now, &tally)
    tally += result
    slices[presentPlace] += result
  }

  /// Forgets the slices that have passed. An instant before the present slice counts into it.
  @inline(__always)
  mutating func advance(to now: Instant, _ tally: inout CallTally) {
    if now.nanoseconds >= presentEnd { forget(by: now, &tally) }
  }

  @inline(never)
  private mutating func forget(by now: Instant, _ tally: inout CallTally) {
    let number = now.nanoseconds.flooredDivision(by: sliceNanoseconds).quotient
    guard number > present else { return }
    for offset in 0..<min(number.subtractingSaturating(present), Int64(slices.count)) {
      let place = place(of: number - offset)
      tally -= slices[place]
      slices[place] = CallTally()
    }
    present = number
    presentEnd = number.addingSaturating(1).multiplyingSaturating(sliceNanoseconds)
    presentPlace = place(of: number)
  }

  mutating func removeAll() {
    for place in slices.indices { slices[place] = CallTally() }
  }

  private func place(of number: Int64) -> Int {
    let remainder = Int(number % Int64(slices.count))
    return remainder < 0 ? remainder + slices.count : remainder
  }
}
