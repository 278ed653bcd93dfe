internal import ResilienceCore

/// How many calls were attempted, and how many accepted and refused, in the last so many nanoseconds.
///
/// 32 steps of a 32nd of the window each: what is counted is the present step and the 31 before it. A
/// timestamp from the past counts in the present step.
struct AttemptWindow: Sendable {
  struct Step: Sendable {
    var attempts: Int64 = 0
    var accepts: Int64 = 0
    var refusals: Int64 = 0
  }

  static let stepCount: Int64 = 32

  private let stepNanoseconds: Int64
  private var steps = [Step](repeating: Step(), count: Int(stepCount))
  /// Steps since the clock's zero point.
  private var present = Int64.min
  private var presentEnds = Int64.min
  private(set) var attempts: Int64 = 0
  private(set) var accepts: Int64 = 0
  private(set) var refusals: Int64 = 0

  init(nanoseconds: Int64) {
    stepNanoseconds = (nanoseconds - 1) / Self.stepCount + 1
  }

  /// Counts a call.
  ///
  /// - Returns: The step it was counted in.
  mutating func attempt(at now: Instant) -> Int64 {
    advance(to: now)
    steps[index(of: present)].attempts += 1
    attempts += 1
    return present
  }

  /// Counts an acceptance, in the present step.
  mutating func accept() {
    guard present > .min else { return }
    steps[index(of: present)].accepts += 1
    accepts += 1
  }

  /// Counts a refusal, in the present step.
  mutating func refuse() {
    guard present > .min else { return }
    steps[index(of: present)].refusals += 1
    refusals += 1
  }

  /// Takes a call back that was counted in `step`.
  mutating func forget(attemptIn step: Int64) {
    guard step <= present, present.subtractingSaturating(step) < Self.stepCount else { return }
    guard steps[index(of: step)].attempts > 0 else { return }
    steps[index(of: step)].attempts -= 1
    attempts -= 1
  }

  /// Forgets the calls that were not accepted.
  mutating func forgetRefusals() {
    for index in steps.indices {
      steps[index].attempts = min(steps[index].attempts, steps[index].accepts)
      steps[index].refusals = 0
    }
    attempts = steps.reduce(0) { $0 + $1.attempts }
    refusals = 0
  }

  /// Lets go of the steps that lie more than the window before `now`.
  mutating func advance(to now: Instant) {
    if now.nanoseconds >= presentEnds { moveOn(to: now) }
  }

  private mutating func moveOn(to now: Instant) {
    let step = now.nanoseconds.flooredDivision(by: stepNanoseconds).quotient
    let passed = min(step.subtractingSaturating(present), Self.stepCount)
    for old in 0..<passed {
      let index = index(of: step - old)
      attempts -= steps[index].attempts
      accepts -= steps[index].accepts
      refusals -= steps[index].refusals
      steps[index] = Step()
    }
    present = step
    presentEnds = (step + 1).multiplyingSaturating(stepNanoseconds)
  }

  private func index(of step: Int64) -> Int { Int(step & (Self.stepCount - 1)) }
}
