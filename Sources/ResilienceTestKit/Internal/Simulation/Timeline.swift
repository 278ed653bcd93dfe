internal import ResilienceCore
internal import Synchronization

/// Virtual time: it stands still until it is told to jump to the next timer.
final class Timeline: ResilienceClock, Clock {
  /// What waits for an instant, and the task that armed it, which is cancelled when it still waits at the
  /// end.
  struct Timer: @unchecked Sendable {
    enum Due: Sendable {
      case action(@Sendable () -> Void)
      case job(UnownedJob)
    }

    let due: Due
    let task: UnsafeCurrentTask?
  }

  private let timers = Lock(DueHeap<Timer>())
  private let present = Atomic<Int64>(0)
  // The earliest timer that ever fires; none fires at the end of time.
  private let earliest = Atomic<Int64>(.max)
  let start: UnixTime
  private let choices: Choices
  private let isEnding = Atomic(false)

  init(startingAt start: UnixTime, choices: Choices) {
    self.start = start
    self.choices = choices
  }

  var now: Instant {
    if isEnding.load(ordering: .relaxed) { Takeover.countReading() }
    return instant
  }

  /// The present instant, as the simulation itself reads it.
  var instant: Instant { Instant(nanoseconds: present.load(ordering: .relaxed)) }

  var unixTime: UnixTime { start.advanced(by: .nanoseconds(now.nanoseconds)) }

  func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    arm(.action(action), at: instant)
  }

  /// Runs a job, instead of an action, at `instant`.
  func schedule(_ job: UnownedJob, at instant: Instant) {
    _ = arm(.job(job), at: instant)
  }

  func cancel(_ token: TimerToken) -> Bool {
    // Let go outside the lock: it may hold the last reference to an object with a timer of its own.
    let timer: Timer? = timers.withLock { timers in
      let timer = timers.remove(DueHeap.Handle(bits: token.id))
      noteEarliest(of: timers)
      return timer
    }
    return timer != nil
  }

  private func arm(_ due: Timer.Due, at instant: Instant) -> TimerToken {
    let timer = Timer(due: due, task: withUnsafeCurrentTask { $0 })
    let rank = choices.rank()
    return timers.withLock { timers in
      let handle = timers.insert(timer, due: instant, rank: rank)
      noteEarliest(of: timers)
      return TimerToken(id: handle.bits)
    }
  }

  private func noteEarliest(of timers: borrowing DueHeap<Timer>) {
    earliest.store(timers.earliest?.nanoseconds ?? .max, ordering: .relaxed)
  }

  // MARK: - What the driver asks

  /// Whether a timer is due at this instant.
  var isTimerDue: Bool {
    let earliest = earliest.load(ordering: .relaxed)
    return earliest != .max && earliest <= present.load(ordering: .relaxed)
  }

  /// Moves to the instant of the next timer; `false` when there is none that ever fires.
  func moveToNextTimer() -> Bool {
    let next = earliest.load(ordering: .relaxed)
    guard next != .max else { return false }
    if next > present.load(ordering: .relaxed) { present.store(next, ordering: .relaxed) }
    return true
  }

  /// From now on a job that reads the time without end is given up.
  func beginEnding() { isEnding.store(true, ordering: .relaxed) }

  /// Whether something waits for the end of time, when nothing else waits.
  var hasSleepWithoutEnd: Bool { timers.withLock { $0.count > 0 } }

  /// Takes out one timer that is due.
  func takeNext() -> Timer.Due? {
    let instant = instant
    let timer: Timer? = timers.withLock { timers in
      let timer = timers.popDue(at: instant)
      noteEarliest(of: timers)
      return timer
    }
    return timer?.due
  }

  /// Takes out all timers, in the order in which they would have fired.
  func takeAll() -> [Timer] {
    let all: [Timer] = timers.withLock { timers in
      var all: [Timer] = []
      while let timer = timers.popDue(at: Instant(nanoseconds: .max)) { all.append(timer) }
      noteEarliest(of: timers)
      return all
    }
    return all
  }
}
