#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// The timer thread of the process: a queue, a condition, and a thread that is parked while the queue is empty.
///
/// The thread is woken only for a timer that is due before it would wake by itself. A timer that is taken back does not
/// change when that is, so arming and disarming one timeout after the other wakes nobody.
// @unchecked: `queue`, `isRunning` and `wakesAt` are only touched with `mutex` held; the two pointers never change.
final class SystemTimer: @unchecked Sendable {
  static let shared = SystemTimer()

  private var queue = TimerQueue()
  private var isRunning = false
  private var wakesAt = Instant(nanoseconds: .max)
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  private init() {
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    #if !canImport(Darwin)
      pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    #endif
    pthread_cond_init(changed, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  func arm(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    pthread_mutex_lock(mutex)
    let token = queue.arm(at: instant, action)
    if !isRunning {
      isRunning = true
      startThread()
    } else if instant < wakesAt {
      wakesAt = instant
      pthread_cond_signal(changed)
    }
    pthread_mutex_unlock(mutex)
    return token
  }

  func disarm(_ token: TimerToken) -> Bool {
    pthread_mutex_lock(mutex)
    let action = queue.disarm(token)
    pthread_mutex_unlock(mutex)
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
    pthread_mutex_lock(mutex)
    while true {
      if let action = queue.popDue(at: SystemClock.read()) {
        pthread_mutex_unlock(mutex)
        action()
        pthread_mutex_lock(mutex)
      } else if let next = queue.earliest {
        wakesAt = next
        wait(until: next)
      } else {
        wakesAt = Instant(nanoseconds: .max)
        pthread_cond_wait(changed, mutex)
      }
    }
  }

  private func wait(until instant: Instant) {
    #if canImport(Darwin)
      let remaining = max(0, SystemClock.read().nanoseconds(to: instant))
      var time = timespec(tv_sec: Int(remaining / 1_000_000_000), tv_nsec: Int(remaining % 1_000_000_000))
      pthread_cond_timedwait_relative_np(changed, mutex, &time)
    #else
      var time = timespec(
        tv_sec: Int(instant.nanoseconds / 1_000_000_000), tv_nsec: Int(instant.nanoseconds % 1_000_000_000))
      pthread_cond_timedwait(changed, mutex, &time)
    #endif
  }
}
