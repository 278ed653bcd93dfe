import Glibc
import Synchronization

/// Runs the work on so many threads at once, and adds up what it returns.
func onThreads(_ count: Int, _ work: @escaping @Sendable () -> Int) -> Int {
  let crew = Crew(count, work)
  let threads = (0..<count).map { _ in
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { crew in
        Unmanaged<Crew>.fromOpaque(crew.unsafelyUnwrapped).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(crew).toOpaque())
    return thread
  }
  for thread in threads { pthread_join(thread, nil) }
  return crew.sum.load(ordering: .relaxed)
}

private final class Crew: Sendable {
  let sum = Atomic<Int>(0)
  private let missing: Atomic<Int>
  private let work: @Sendable () -> Int

  init(_ count: Int, _ work: @escaping @Sendable () -> Int) {
    missing = Atomic(count)
    self.work = work
  }

  /// Waits for the others, so that all begin at once.
  func run() {
    missing.wrappingSubtract(1, ordering: .relaxed)
    while missing.load(ordering: .relaxed) > 0 { sched_yield() }
    sum.wrappingAdd(work(), ordering: .relaxed)
  }
}
