#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Whose turn it is to drive the timers, and where threads sleep that have nothing to do.
///
/// One thread drives. Before it runs an action, which may be anything, it hands over: to a thread that idles,
/// or to a new one if there is none. When the action has ended, it drives again if nobody does, and idles
/// otherwise.
// @unchecked: everything that changes is only touched with `mutex` held; the pointers never change.
final class TimerThreads: @unchecked Sendable {
  /// How long a thread idles before it ends, unless it is the last that does.
  private static var patience: Int64 { 10_000_000_000 }

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let rung = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let called = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let maximumCount: Int

  private var hasRung = false
  private var isDriven = false
  /// A thread has been woken or started to drive, and has not come yet.
  private var isCalled = false
  private var idle = 0
  private var count = 1

  /// - Parameter maximumCount: The most threads, 1 or more, the first included: the owner starts that itself.
  init(maximumCount: Int) {
    self.maximumCount = maximumCount
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    #if !canImport(Darwin)
      pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    #endif
    pthread_cond_init(rung, &attributes)
    pthread_cond_init(called, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  var liveCount: Int { withMutex { count } }

  // MARK: - Of the driver

  /// Ends the driver's sleep; if it does not sleep, its next one.
  func ring() {
    withMutex { hasRung = true }
    pthread_cond_signal(rung)
  }

  /// Sleeps until it rings, or for `nanoseconds`; may return before.
  func sleep(_ nanoseconds: Int64?) {
    withMutex {
      if !hasRung { wait(rung, nanoseconds) }
      hasRung = false
    }
  }

  // MARK: - The turn

  /// Says that a thread that was to be started runs.
  func didStart() {
    withMutex { isCalled = false }
  }

  func didNotStart() {
    withMutex {
      isCalled = false
      count -= 1
    }
  }

  /// Waits until nobody drives; the caller then does.
  ///
  /// - Returns: `false` when the thread is not needed any more.
  func takeOver() -> Bool {
    withMutex {
      idle += 1
      defer { idle -= 1 }
      while isDriven {
        let isTimeUp = wait(called, Self.patience)
        isCalled = false
        if isDriven, isTimeUp, idle > 1 {
          count -= 1
          return false
        }
      }
      isDriven = true
      return true
    }
  }

  /// Lets another thread drive.
  ///
  /// - Returns: Whether the caller must start one, or say with ``didNotStart()`` that it could not.
  func handOver() -> Bool {
    withMutex {
      isDriven = false
      guard !isCalled else { return false }
      if idle > 0 {
        isCalled = true
        pthread_cond_signal(called)
        return false
      }
      // With no thread left, the first whose action ends drives on.
      guard count < maximumCount else { return false }
      isCalled = true
      count += 1
      return true
    }
  }

  // MARK: - Waiting

  private func withMutex<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  /// - Returns: Whether all the time has passed.
  @discardableResult
  private func wait(_ condition: UnsafeMutablePointer<pthread_cond_t>, _ nanoseconds: Int64?) -> Bool {
    guard let nanoseconds else {
      pthread_cond_wait(condition, mutex)
      return false
    }
    #if canImport(Darwin)
      var time = timespec(nanoseconds: nanoseconds)
      return pthread_cond_timedwait_relative_np(condition, mutex, &time) == ETIMEDOUT
    #else
      // Not the clock of the timers: no condition variable knows that one.
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      time = timespec(nanoseconds: time.nanoseconds.addingSaturating(nanoseconds))
      return pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT
    #endif
  }
}

extension timespec {
  fileprivate init(nanoseconds: Int64) {
    self.init(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
  }

  fileprivate var nanoseconds: Int64 { Int64(tv_sec) &* 1_000_000_000 &+ Int64(tv_nsec) }
}
