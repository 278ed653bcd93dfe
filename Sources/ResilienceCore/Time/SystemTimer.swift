#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// The timer thread of the process: a wheel, and a thread that is parked while the wheel is empty.
///
/// The thread is woken only for a timer that is due before it would wake by itself. A timer that is taken back does not
/// change when that is, so arming and disarming one timeout after the other wakes nobody.
final class SystemTimer: Sendable {
  static let shared = SystemTimer()

  private struct State: ~Copyable {
    var wheel = TimerWheel()
    var isRunning = false
    var wakesAt = Instant(nanoseconds: .max)
  }

  private let state = Lock(State())
  private let alarm = Alarm()

  func arm(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    let (token, wakes, starts): (TimerToken, Bool, Bool) = state.withLock { state in
      let token = state.wheel.arm(at: instant, action)
      let wakes = instant < state.wakesAt
      if wakes { state.wakesAt = instant }
      let starts = !state.isRunning
      state.isRunning = true
      return (token, wakes, starts)
    }
    if starts { startThread() }
    if wakes { alarm.ring() }
    return token
  }

  func disarm(_ token: TimerToken) -> Bool {
    let action: TimerWheel.Action? = state.withLock { $0.wheel.disarm(token) }
    return action != nil
  }

  private func startThread() {
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let status = pthread_create(
      &thread, nil,
      { _ in
        SystemTimer.shared.run()
        return nil
      }, nil)
    precondition(status == 0, "cannot start the timer thread: pthread_create returned \(status)")
    #if canImport(Darwin)
      if let thread { pthread_detach(thread) }
    #else
      pthread_detach(thread)
    #endif
  }

  private func run() {
    while true {
      switch step() {
      case .run(let action): action.run()
      case .proceed: continue
      case .wait(let instant): alarm.wait(until: instant)
      case .park: alarm.wait()
      }
    }
  }

  private func step() -> TimerWheel.Step {
    let now = SystemClock.read()
    return state.withLock { state in
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

/// Where the timer thread sleeps; a ring before the sleep ends it at once.
// @unchecked: `hasRung` is only touched with `mutex` held; the two pointers never change.
private final class Alarm: @unchecked Sendable {
  private var hasRung = false
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let rung = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    #if !canImport(Darwin)
      pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    #endif
    pthread_cond_init(rung, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  func ring() {
    pthread_mutex_lock(mutex)
    hasRung = true
    pthread_mutex_unlock(mutex)
    pthread_cond_signal(rung)
  }

  /// Sleeps until it rings.
  func wait() {
    pthread_mutex_lock(mutex)
    while !hasRung { pthread_cond_wait(rung, mutex) }
    hasRung = false
    pthread_mutex_unlock(mutex)
  }

  /// Sleeps until it rings, or until `instant`; may return before.
  func wait(until instant: Instant) {
    pthread_mutex_lock(mutex)
    if !hasRung {
      #if canImport(Darwin)
        var time = timespec(nanoseconds: max(0, SystemClock.read().nanoseconds(to: instant)))
        pthread_cond_timedwait_relative_np(rung, mutex, &time)
      #else
        var time = timespec(nanoseconds: instant.nanoseconds)
        pthread_cond_timedwait(rung, mutex, &time)
      #endif
    }
    hasRung = false
    pthread_mutex_unlock(mutex)
  }
}

extension timespec {
  fileprivate init(nanoseconds: Int64) {
    self.init(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
  }
}
