internal import ResilienceCore
internal import Synchronization

/// Virtual time: it stands still until it is told to jump to the next timer.
final class Timeline: ResilienceClock, Clock {
  /// What waits for an instant, and the task that armed it, which is cancelled when it still waits at the
  /// end.
  struct Timer: Sendable {
    enum Due: Sendable {
      case action(@Sendable () -> Void)
      case job(UnownedJob, HostLife?)
    }

    let due: Due
    private let task: ArmingTask?
    let name: UInt64

    init(_ due: Due, name: UInt64) {
      self.due = due
      task = withUnsafeCurrentTask { $0.map { ArmingTask(task: $0) } }
      self.name = name
    }

    /// Cancels the task that armed it.
    func cancelTask() { task?.task.cancel() }

    /// Whether it belonged to a host that has crashed: nobody hears of its end.
    var isGone: Bool {
      if case .job(_, let life?) = due { life.hasEnded } else { false }
    }
  }

  /// Keeps a task, which may have ended. A box, since its layout is the library's: a struct that holds one is
  /// copied by the runtime. `@unchecked` since it is only ever cancelled.
  private final class ArmingTask: @unchecked Sendable {
    let task: UnsafeCurrentTask

    init(task: UnsafeCurrentTask) {
      self.task = task
    }
  }

  private struct Listed {
    let token: TimerToken
    let timer: Timer
  }

  private struct State: ~Copyable {
    var timers = DueHeap<Timer>()
    /// Those that are due, the one that was armed first in front.
    var listed = ReadyList<Listed>()
  }

  private let state = Lock(State())
  private let present = Atomic<Int64>(0)
  // The earliest timer that is not listed and ever fires; none fires at the end of time.
  private let earliest = Atomic<Int64>(.max)
  private let listedCount = Atomic(0)
  let start: UnixTime
  private let lineage: Lineage?
  private let isEnding = Atomic(false)

  /// - Parameter lineage: Names timers, if that is asked for.
  init(startingAt start: UnixTime, _ lineage: Lineage? = nil) {
    self.start = start
    self.lineage = lineage
  }

  var now: Instant {
    if isEnding.load(ordering: .relaxed) { Takeover.countReading() }
    return instant
  }

  /// The present instant, as the simulation itself reads it.
  var instant: Instant { Instant(nanoseconds: present.load(ordering: .relaxed)) }

  var unixTime: UnixTime { start.advanced(by: .nanoseconds(now.nanoseconds)) }

  func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    arm(.action(action), named: lineage?.nameOfNewTimer(), at: instant)
  }

  /// Runs a job, instead of an action, at `instant`.
  func schedule(_ job: UnownedJob, of life: HostLife?, at instant: Instant) {
    _ = arm(.job(job, life), named: lineage?.name(of: job), at: instant)
  }

  func cancel(_ token: TimerToken) -> Bool {
    // Let go outside the lock: it may hold the last reference to an object with a timer of its own.
    let timer: Timer? = state.withLock { state in
      defer { note(state) }
      if let timer = state.timers.remove(DueHeap.Handle(bits: token.id)) { return timer }
      guard let index = state.listed.firstIndex(where: { $0.token == token }) else { return nil }
      return state.listed.remove(at: index).timer
    }
    return timer != nil
  }

  private func arm(_ due: Timer.Due, named name: UInt64?, at instant: Instant) -> TimerToken {
    let timer = Timer(due, name: name ?? 0)
    return state.withLock { state in
      let handle = state.timers.insert(timer, due: instant)
      note(state)
      return TimerToken(id: handle.bits)
    }
  }

  private func note(_ state: borrowing State) {
    earliest.store(state.timers.earliest?.nanoseconds ?? .max, ordering: .relaxed)
    listedCount.store(state.listed.count, ordering: .relaxed)
  }

  // MARK: - What the driver asks

  /// How many timers are due at this instant.
  func dueCount() -> Int {
    let earliest = earliest.load(ordering: .relaxed)
    if earliest == .max || earliest > present.load(ordering: .relaxed) {
      return listedCount.load(ordering: .relaxed)
    }
    let instant = instant
    return state.withLock { state in
      while let handle = state.timers.earliestHandle, let timer = state.timers.popDue(at: instant) {
        state.listed.append(Listed(token: TimerToken(id: handle.bits), timer: timer))
      }
      note(state)
      return state.listed.count
    }
  }

  /// The names of the timers that are due, the one that was armed first in front.
  var dueNames: [UInt64] {
    state.withLock { state in (0..<state.listed.count).map { state.listed[$0].timer.name } }
  }

  /// When the next timer is due that is not due yet; `nil` when there is none that ever fires.
  var nextInstant: Instant? {
    let next = earliest.load(ordering: .relaxed)
    return next == .max ? nil : Instant(nanoseconds: next)
  }

  func move(to next: Instant) {
    if next > instant { present.store(next.nanoseconds, ordering: .relaxed) }
  }

  /// Takes out one of the timers that are due; those in front of it go to the back.
  func takeDue(_ index: Int) -> Timer.Due {
    let timer = state.withLock { state in
      let timer = state.listed.removeOvertaking(index).timer
      note(state)
      return timer
    }
    lineage?.begin(timer.name)
    return timer.due
  }

  // MARK: - The end

  /// From now on a job that reads the time without end is given up.
  func beginEnding() { isEnding.store(true, ordering: .relaxed) }

  /// Whether something waits for the end of time, when nothing else waits.
  var hasSleepWithoutEnd: Bool { state.withLock { $0.timers.count > 0 } }

  /// Takes out all timers, in the order in which they would have fired.
  func takeAll() -> [Timer] {
    state.withLock { state in
      var all: [Timer] = []
      while state.listed.count > 0 { all.append(state.listed.removeOvertaking(0).timer) }
      while let timer = state.timers.popDue(at: Instant(nanoseconds: .max)) { all.append(timer) }
      note(state)
      return all
    }
  }
}
