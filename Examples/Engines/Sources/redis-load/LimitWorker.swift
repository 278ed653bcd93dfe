import Foundation
import Resilience
import ResilienceRedis
import Synchronization

/// One of the processes: eight callers that want as much as they can get.
///
/// It writes lines of "FROM TO PERMITS", in milliseconds since the beginning: so many were given between these times; and
/// a last one of its counts.
struct LimitWorker {
  private struct Moment: Hashable, Sendable {
    let from: Int64
    let to: Int64
  }

  private final class Given: Sendable {
    let permits = Mutex<[Moment: Int]>([:])
  }

  private let options: Options
  private let startsAt: Instant
  private let limiter: SharedRateLimiter

  init(_ options: Options, startsAt: Int64, port: Int) {
    self.options = options
    self.startsAt = Instant(nanoseconds: startsAt)
    limiter = SharedRateLimiter(
      "load", limit: options.limit, on: RedisClient(port: port), processes: options.processes,
      timeLimit: .seconds(1))
  }

  func run() async throws {
    let clock = SystemClock()
    try await clock.sleep(until: startsAt)
    let end = startsAt.advanced(by: options.length)
    let (given, limiter, startsAt) = (Given(), limiter, startsAt)
    try await withThrowingTaskGroup { tasks in
      for _ in 0..<8 {
        tasks.addTask {
          while clock.now < end {
            let from = startsAt.nanoseconds(to: clock.now) / 1_000_000
            let decision = try await limiter.tryAcquire()
            let now = clock.now
            switch decision {
            case .acquired:
              let moment = Moment(from: from, to: startsAt.nanoseconds(to: now) / 1_000_000 + 1)
              given.permits.withLock { $0[moment, default: 0] += 1 }
            case .refused(let retryAt?):
              let soon = now.advanced(byNanoseconds: 1_000_000)
              try await clock.sleep(until: max(soon, min(retryAt, now.advanced(byNanoseconds: 20_000_000))))
            case .refused(nil), .impossible: return
            }
          }
        }
      }
      try await tasks.waitForAll()
    }
    await limiter.returnLease()
    for (moment, permits) in given.permits.withLock({ $0 }) { print(moment.from, moment.to, permits) }
    let counts = limiter.snapshot()
    print("counts", counts.acquired, counts.acquiredAlone, counts.refused, counts.roundTrips)
  }
}
