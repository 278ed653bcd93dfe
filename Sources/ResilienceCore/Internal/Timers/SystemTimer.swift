#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// The timers of the process: a wheel, and a thread that drives it, parked while the wheel is empty.
///
/// The driver is woken only for a timer that is due before it would wake by itself. A timer that is taken
/// back does not change when that is, so arming and disarming one timeout after the other wakes nobody.
final class SystemTimer: Sendable {
  static let shared = SystemTimer()

  private struct State: ~Copyable {
    var wheel = TimerWheel()
    var isRunning = false
    var wakesAt = Instant(nanoseconds: .max)
  }

  private let state = Lock(State())
  private let threads: TimerThreads
  private let longestSleep: Int64
  private let now: @Sendable () -> Instant

  /// - Parameters:
  ///   - maximumThreads: How many actions may block at the same time before other timers wait. Default: 64,
  ///     as many threads as Dispatch gives a queue's work that blocks.
  ///   - longestSleep: A thread's sleep does not count the time that the machine is suspended; this is how
  ///     late a timer may be after that, in nanoseconds. Default: a second; less would wake an idle machine
  ///     more often.
  ///   - now: The clock. Default: the system's.
  init(
    maximumThreads: Int = 64, longestSleep: Int64 = 1_000_000_000,
    now: @escaping @Sendable () -> Instant = SystemClock.read
  ) {
    threads = TimerThreads(maximumCount: maximumThreads)
    self.longestSleep = longestSleep
    self.now = now
  }

  func arm(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    let (token, wakes, starts): (TimerToken, Bool, Bool) = state.withLock { state in
      let token = state.wheel.arm(at: instant, action)
      let wakes = instant < state.wakesAt
      if wakes { state.wakesAt = instant }
      let starts = !state.isRunning
      state.isRunning = true
      return (token, wakes, starts)
    }
    if starts {
      let status = startThread()
      precondition(status == 0, "cannot start the timer thread: pthread_create returned \(status)")
    }
    if wakes { threads.ring() }
    return token
  }

  func disarm(_ token: TimerToken) -> Bool {
    let action: TimerWheel.Action? = state.withLock { $0.wheel.disarm(token) }
    return action != nil
  }

  // MARK: - Threads

  var threadCount: Int { threads.liveCount }

  private func startThread() -> Int32 {
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let timer = Unmanaged.passRetained(self)
    let status = pthread_create(
      &thread, nil,
      { argument in
        let timer: UnsafeMutableRawPointer? = argument
        if let timer { Unmanaged<SystemTimer>.fromOpaque(timer).takeRetainedValue().run() }
        return nil
      }, timer.toOpaque())
    guard status == 0 else {
      timer.release()
      return status
    }
    #if canImport(Darwin)
      if let thread { pthread_detach(thread) }
    #else
      pthread_detach(thread)
    #endif
    return 0
  }

  private func run() {
    threads.didStart()
    while threads.takeOver() {
      let action = next()
      if threads.handOver(), startThread() != 0 { threads.didNotStart() }
      action.run()
    }
  }

  /// Waits for the next action that is due.
  private func next() -> TimerWheel.Action {
    while true {
      let now = now()
      switch step(at: now) {
      case .run(let action): return action
      case .proceed: continue
      case .wait(let instant): threads.sleep(min(longestSleep, max(0, now.nanoseconds(to: instant))))
      case .park: threads.sleep(nil)
      }
    }
  }

  private func step(at now: Instant) -> TimerWheel.Step {
    state.withLock { state in
      let step = state.wheel.step(at: now)
      switch step {
      case .run, .proceed: break
      case .wait(let instant): state.wakesAt = instant
      case .park: state.wakesAt = Instant(nanoseconds: .max)
      }
      return step
    }
  }
}
