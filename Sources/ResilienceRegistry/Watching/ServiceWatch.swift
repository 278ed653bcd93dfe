internal import ResilienceCore

/// The snapshots of one service as they change: first the present one, then the newest after each change.
///
/// There is no backlog: a watcher that is slow skips what is outdated by the time it asks. Each iteration
/// stands alone, so one that was cancelled cannot hand an old state to another. An expiry is told at its own
/// instant, as one of the waiting iterators keeps a timer for it. Iteration ends when its task is cancelled,
/// and never else.
public struct ServiceWatch: AsyncSequence, Sendable {
  /// A snapshot of the service.
  public typealias Element = ServiceSnapshot

  /// Watching does not fail.
  public typealias Failure = Never

  let directory: ServiceDirectory

  /// Begins a watch of its own.
  public func makeAsyncIterator() -> Iterator {
    Iterator(directory: directory)
  }

  /// One watcher.
  public struct Iterator: AsyncIteratorProtocol {
    let directory: ServiceDirectory
    private var version: UInt64?

    init(directory: ServiceDirectory) {
      self.directory = directory
    }

    /// The present snapshot the first time, then the newest one as soon as it differs from the last; `nil`
    /// once the task is cancelled.
    public mutating func next(isolation: isolated (any Actor)? = #isolation) async -> ServiceSnapshot? {
      let clock = CallContext.current.clock
      while !Task.isCancelled {
        let waiter = Waiter("ServiceWatch.next")
        switch directory.next(after: version, at: clock.now, waiter) {
        case .snapshot(let snapshot):
          version = snapshot.version
          return snapshot
        case .waiting(let place):
          await waiter.wait(until: place.timerAt, on: clock)
          directory.leave(place)
        }
      }
      return nil
    }
  }
}
