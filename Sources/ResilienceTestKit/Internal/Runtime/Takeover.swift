internal import CResilienceSimulation
internal import ResilienceCore

/// How a simulation holds the runtime on the thread that drives it: executors in place of the process's
/// own, and other functions in the slots through which libraries call the C library. Both are installed
/// once in a process and pass on what comes from any other thread.
enum Takeover {
  /// What is held here. Installs what is needed, also in libraries that were loaded since.
  static func install() -> SimulationScope {
    #if compiler(>=6.3) && os(Linux) && canImport(Glibc) && (arch(x86_64) || arch(arm64))
      let found = Int(resilience_replace_slots())
      Executors.install()
      VirtualTime.install { Takeover.drivingExecutor?.timeline }
      var scope: SimulationScope = [.tasks, .mainActor, .sleeps, .yields]
      if found & Int(resilience_found_clocks) != 0 { scope.insert(.clocks) }
      if found & Int(resilience_found_randomness) != 0 { scope.insert(.randomness) }
      return scope
    #else
      return []
    #endif
  }

  /// The driver's functions are the executor's, which must outlive it.
  static func connect(_ driver: UnsafeMutablePointer<resilience_driver>, to executor: SimulationExecutor) {
    driver.pointee.owner = Unmanaged.passUnretained(executor).toOpaque()
    driver.pointee.monotonic = { owner in
      guard let owner else { return 0 }
      return Takeover.executor(owner).timeline.instant.nanoseconds
    }
    driver.pointee.wall = { owner in
      guard let owner else { return 0 }
      let executor = Takeover.executor(owner)
      let time = executor.timeline.start.nanoseconds.addingSaturating(executor.timeline.instant.nanoseconds)
      // A host's clock may be wrong.
      return time.addingSaturating(executor.currentLife?.clockOffset ?? 0)
    }
    driver.pointee.random = { owner in
      guard let owner else { return 0 }
      return Takeover.executor(owner).random.next()
    }
  }

  /// Counts a reading of the time by a job that may be given up.
  static func countReading() {
    if let driver = resilience_current_driver() { resilience_count_reading(driver) }
  }

  private static func executor(_ owner: UnsafeMutableRawPointer) -> SimulationExecutor {
    Unmanaged<SimulationExecutor>.fromOpaque(owner).takeUnretainedValue()
  }

  /// The executor of the simulation that the calling thread drives.
  static var drivingExecutor: SimulationExecutor? {
    resilience_current_driver().map { executor($0.pointee.owner) }
  }
}
