import Dispatch
import Resilience
import ResilienceTestKit
import Synchronization
import Testing

/// A serial executor that counts what is enqueued: every hop onto the actor is one job.
private final class CountingExecutor: SerialExecutor {
  let jobs = Atomic(0)
  private let queue = DispatchQueue(label: "bookkeeper")

  func enqueue(_ job: consuming ExecutorJob) {
    jobs.wrappingAdd(1, ordering: .relaxed)
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}

/// Not `Sendable`: what a `run { }` may hand back all the same.
private final class Ledger {
  var entries = 0
}

private actor Bookkeeper {
  nonisolated let executor = CountingExecutor()
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private let ledger = Ledger()
  private let breaker = CircuitBreaker("bank")
  private let bucket = TokenBucket("bank", limit: .perSecond(1000))
  private let customers = KeyedRateLimiter<String>("customers", limit: .perSecond(1000))
  private let tracer = CallTracer("bank")
  private let inbox = Inbox()
  private let registry = ServiceRegistry()

  /// Touches the actor's own state inside each face, and returns the jobs that this took.
  func touchEverything() async throws -> (jobs: Int, entries: Int) {
    _ = registry.register(ServiceInstance(id: "a", service: "bank"), ttl: .seconds(60))
    let balancer = registry.service("bank").balancer()
    let before = executor.jobs.load(ordering: .relaxed)
    for face in [
      try await breaker.run { touch() },
      try await bucket.run { touch() },
      try await RetryPolicy().run(budget: nil) { _ in touch() },
      try await TimeLimit(.seconds(60)).run { touch() },
      await tracer.span("touch") { touch() },
      try await balancer.run { _ in touch() },
      try await customers.run(key: "ann") { touch() },
      try await inbox.run(InboxKey(source: "test", id: "1")) { touch() },
    ] {
      assert(face === ledger)
    }
    return (executor.jobs.load(ordering: .relaxed) - before, ledger.entries)
  }

  private func touch() -> Ledger {
    executor.preconditionIsolated("left the actor")
    ledger.entries += 1
    return ledger
  }
}

@Suite struct InlineFacesTests {
  @Test func everyInlineFaceRunsOnTheCallersActorWithoutAHop() async throws {
    let (jobs, entries) = try await Bookkeeper().touchEverything()
    #expect(entries == 8)
    #expect(jobs == 0)
  }
}
