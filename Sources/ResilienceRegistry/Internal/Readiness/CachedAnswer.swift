internal import ResilienceCore

/// The last answer of a check, and whether it is being asked: a state machine.
struct CachedAnswer {
  struct Answer: Sendable, Hashable {
    /// `nil` when it passed.
    let failure: String?
    let at: Instant
  }

  enum Decision: Equatable {
    /// This is the answer.
    case answer(Answer)
    /// It is being asked: wait until then at the latest.
    case wait(until: Instant)
    /// It is to be asked, under this number.
    case ask(number: UInt64, until: Instant)
  }

  private struct Run {
    let number: UInt64
    let until: Instant
  }

  private let maxAgeNanoseconds: Int64
  private let timeoutNanoseconds: Int64
  private var last: Answer?
  private var running: Run?
  private var nextNumber: UInt64 = 1

  init(maxAge: Duration, timeout: Duration) {
    maxAgeNanoseconds = maxAge.clampedNanoseconds
    timeoutNanoseconds = timeout.clampedNanoseconds
  }

  /// - Parameter since: When whoever asks began to: an answer that was given since then will do, however soon
  ///   it is old.
  mutating func ask(at now: Instant, since: Instant? = nil) -> Decision {
    if let running {
      return now < running.until ? .wait(until: running.until) : .answer(overdue(running))
    }
    if let last, last.at.nanoseconds(to: now) < maxAgeNanoseconds || since.map({ $0 <= last.at }) ?? false {
      return .answer(last)
    }
    let run = Run(number: nextNumber, until: now.advanced(byNanoseconds: timeoutNanoseconds))
    nextNumber += 1
    running = run
    return .ask(number: run.number, until: run.until)
  }

  /// Takes an answer in; one that comes too late is no answer.
  mutating func finish(_ number: UInt64, failure: String?, at now: Instant) {
    guard let run = running, run.number == number else { return }
    running = nil
    last = now <= run.until ? Answer(failure: failure, at: now) : overdue(run)
  }

  private func overdue(_ run: Run) -> Answer {
    let milliseconds = timeoutNanoseconds / 1_000_000
    return Answer(failure: "no answer within \(milliseconds) ms", at: run.until)
  }
}
