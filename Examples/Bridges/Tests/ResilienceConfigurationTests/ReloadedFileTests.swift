import Configuration
import Foundation
import Logging
import Resilience
import ResilienceConfiguration
import Synchronization
import SystemPackage
import Testing

/// A file that is changed while calls run, on the real clock: some seconds.
@Suite struct ReloadedFileTests {
  private struct Declined: Error {}

  private final class Counts: Sendable {
    struct Values {
      var succeeded = 0
      var failed = 0
      var changedAt: ContinuousClock.Instant?
    }
    let values = Mutex(Values())
  }

  private func write(_ text: String, to file: URL) throws {
    try text.write(to: file, atomically: true, encoding: .utf8)
  }

  private func document(deadline: String, attempts: Int = 3) -> String {
    """
    { "resilience": { "payment": {
      "deadline": "\(deadline)", "timeout": "\(deadline)", "retry": { "maxAttempts": \(attempts) },
      "rateLimit": { "permits": 100000, "period": "1h" } } } }
    """
  }

  /// A thousand calls a second, a good change, a wrong one, and a file that is no JSON.
  @Test(.timeLimit(.minutes(1))) func aChangeUnderLoadTakesEffectWithinASecondAndLosesNothing() async throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "stacks-\(UUID()).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try write(document(deadline: "5s"), to: file)
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let provider = try await ReloadingFileProvider<JSONSnapshot>(
      filePath: FilePath(file.path()), pollInterval: .milliseconds(200), logger: quiet)
    let told = Mutex<[InvalidSetting]>([])
    let stacks = try ConfiguredStacks(
      ConfigReader(provider: provider).scoped(to: "resilience"), names: ["payment"]
    ) { wrong in told.withLock { $0.append(wrong) } }
    let stack = stacks["payment"]
    let counts = Counts()
    let pay = ServiceCall("pay") { (_: Void, context: CallContext) in
      let left = context.deadline.remaining(at: context.readClock())
      guard left < .seconds(3) else { return }
      counts.values.withLock { values in if values.changedAt == nil { values.changedAt = .now } }
    }.standardStack(stack)

    let clock = ContinuousClock()
    try await withThrowingTaskGroup { services in
      services.addTask { try await provider.run() }
      services.addTask { try await stacks.run() }
      services.addTask {
        // Ten calls each ten milliseconds.
        let begin = clock.now
        var tick = 0
        while !Task.isCancelled {
          tick += 1
          await withTaskGroup { calls in
            for _ in 0..<10 {
              calls.addTask {
                do {
                  try await pay()
                  counts.values.withLock { $0.succeeded += 1 }
                } catch {
                  counts.values.withLock { $0.failed += 1 }
                }
              }
            }
          }
          try? await clock.sleep(until: begin + .milliseconds(10) * tick)
        }
      }

      try await clock.sleep(for: .seconds(1))
      let owed = stack.rateLimiter.snapshot().acquired
      let written = clock.now
      try write(document(deadline: "2s"), to: file)
      while counts.values.withLock({ $0.changedAt }) == nil { try await clock.sleep(for: .milliseconds(5)) }
      let effect = try #require(counts.values.withLock { $0.changedAt }) - written
      #expect(effect < .seconds(1), "took effect after \(effect)")
      #expect(stack.rateLimiter.snapshot().acquired >= owed)

      try write(document(deadline: "4s", attempts: 0), to: file)
      while told.withLock({ $0.isEmpty }) { try await clock.sleep(for: .milliseconds(5)) }
      #expect(stack.policy.deadline.duration == .seconds(2))
      try write("{ no JSON", to: file)
      try await clock.sleep(for: .milliseconds(600))
      #expect(stack.policy.deadline.duration == .seconds(2))
      services.cancelAll()
    }
    #expect(told.withLock { $0 }.map(\.field) == ["payment.retry.maxAttempts"])
    let (succeeded, failed) = counts.values.withLock { ($0.succeeded, $0.failed) }
    #expect(failed == 0)
    #expect(succeeded > 1_000)
    // Every call is among the breaker's results and the limit's permits: nothing began anew.
    let results = stack.circuitBreaker.snapshot().metrics.filter {
      $0.name == "circuit_breaker_results_total"
    }
    #expect(Int(results.map(\.value).reduce(0, +)) == succeeded)
    #expect(stack.rateLimiter.snapshot().acquired == succeeded)
  }
}
