internal import Synchronization

/// Who keeps the timers of the system's clock for the calling thread, while a simulation holds that thread.
package enum VirtualTime {
  private static let installed = Atomic(false)
  private static let source = Lock<(@Sendable () -> (any ResilienceClock)?)?>(nil)

  /// Asks `clock` for each timer from now on: the simulation's clock on a thread that drives one, `nil` elsewhere.
  package static func install(_ clock: @escaping @Sendable () -> (any ResilienceClock)?) {
    guard !isInstalled else { return }
    source.withLock { $0 = clock }
    installed.store(true, ordering: .releasing)
  }

  /// Whether there are simulations in this process.
  static var isInstalled: Bool { installed.load(ordering: .acquiring) }

  /// The clock that stands in for the system's on this thread.
  static var clock: (any ResilienceClock)? {
    isInstalled ? source.withLock { $0 }?() : nil
  }

  /// Tells a simulation's tokens from those of the system's clock.
  static let tokenBit: UInt64 = 1 << 63
}
