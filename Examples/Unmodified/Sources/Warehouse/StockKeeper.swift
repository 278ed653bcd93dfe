internal import AsyncAlgorithms
public import ServiceLifecycle

/// A service that counts the stock every minute, until the process shuts down; then it counts once more.
public actor StockKeeper: Service {
  /// The counts, in seconds since the service began.
  public private(set) var counts: [Int] = []
  private let began = ContinuousClock.now

  /// Creates a service that has not begun.
  public init() {}

  /// Counts until the shutdown.
  public func run() async throws {
    for await _ in AsyncTimerSequence(interval: .seconds(60), clock: .continuous).cancelOnGracefulShutdown() {
      count()
    }
    // Closing the books takes a while.
    try await Task.sleep(for: .seconds(5))
    count()
  }

  private func count() {
    counts.append(Int(began.duration(to: .now).components.seconds))
  }
}
