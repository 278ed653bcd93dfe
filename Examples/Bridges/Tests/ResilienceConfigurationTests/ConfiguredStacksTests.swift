import Configuration
import Resilience
import ResilienceConfiguration
import ResilienceTestKit
import Synchronization
import Testing

/// Without a file and without real time: the same code, over providers in memory.
@Suite struct ConfiguredStacksTests {
  private let memory = MutableInMemoryProvider(initialValues: [
    "resilience.payment.deadline": "5s", "resilience.payment.retry.maxAttempts": 4,
    "resilience.payment.rateLimit.permits": 50, "resilience.payment.rateLimit.period": "1s",
  ])

  private func config(_ environment: [String: String] = [:]) -> ConfigReader {
    ConfigReader(providers: [EnvironmentVariablesProvider(environmentVariables: environment), memory])
      .scoped(to: "resilience")
  }

  @Test func aStackIsReadByName() throws {
    let stacks = try ConfiguredStacks(config(), names: ["payment", "stock"])
    let policy = stacks["payment"].policy
    #expect(policy.deadline.duration == .seconds(5))
    #expect(policy.retry.maxAttempts == 4)
    #expect(policy.rateLimit == .perSecond(50))
    // What no provider has is the default.
    #expect(policy.bulkhead == nil)
    #expect(policy.circuitBreaker == CircuitBreakerPolicy())
    #expect(stacks["stock"].policy == StandardStackPolicy())
  }

  /// The environment goes before the file, for each value of its own.
  @Test func theEnvironmentGoesFirst() throws {
    let config = config([
      "RESILIENCE_PAYMENT_RETRY_MAX_ATTEMPTS": "2", "RESILIENCE_PAYMENT_CIRCUIT_BREAKER_WINDOW_TIME": "30s",
      "RESILIENCE_PAYMENT_RETRY_BACKOFF_KIND": "custom",
      "RESILIENCE_PAYMENT_RETRY_BACKOFF_DELAYS": "10ms, 1s",
      "RESILIENCE_PAYMENT_RETRY_BACKOFF_JITTER": "0.5",
    ])
    let policy = try ConfiguredStacks(config, names: ["payment"])["payment"].policy
    #expect(policy.retry.maxAttempts == 2)
    #expect(policy.deadline.duration == .seconds(5))
    #expect(policy.circuitBreaker.window == .time(.seconds(30)))
    #expect(
      policy.retry.backoff == .custom([.milliseconds(10), .seconds(1)], jitter: .proportional(0.5)))
  }

  @Test(arguments: [
    ("RESILIENCE_PAYMENT_RETRY_MAX_ATTEMPTS", "0", "payment.retry.maxAttempts must be in 1 ... "),
    (
      "RESILIENCE_PAYMENT_RETRY_MAX_ATTEMPTS", "many",
      "payment.retry.maxAttempts must be in 1 ... 10000, or \"unlimited\", was \"many\""
    ),
    ("RESILIENCE_PAYMENT_DEADLINE", "5", "payment.deadline must be a whole number and a unit"),
    ("RESILIENCE_PAYMENT_TIMEOUT", "6s", "payment.timeout must be at most the deadline, 5s, was \"6s\""),
    ("RESILIENCE_PAYMENT_RETRY", "often", "payment.retry must be made of the fields"),
    ("RESILIENCE_PAYMENT_RETRY_BACKOFF_KIND", "slow", "payment.retry.backoff.kind must be one of"),
    ("RESILIENCE_PAYMENT_RATE_LIMIT_PERMITS", "0.5", "payment.rateLimit.permits must be"),
  ])
  func aWrongValueIsRefusedWithItsKey(name: String, value: String, text: String) {
    do {
      _ = try ConfiguredStacks(config([name: value]), names: ["payment"])
      Issue.record("\(name)=\(value) is no policy")
    } catch {
      #expect("\(error)".hasPrefix(text), "\(error)")
    }
  }

  /// What is counted stays: the breaker's state, what the limit is owed, the budget.
  @Test func aChangeKeepsWhatIsCounted() throws {
    try Simulation(seed: 2).run { simulation in
      struct Down: Error {}
      let stacks = try ConfiguredStacks(config(), names: ["payment"])
      let stack = stacks["payment"]
      let pay = ServiceCall("pay") { (fails: Bool) in if fails { throw Down() } }.standardStack(stack)
      for _ in 0..<10 { try await pay(false) }
      let before = (stack.circuitBreaker.snapshot(), stack.rateLimiter.snapshot())
      memory.setValue("2s", forKey: "resilience.payment.deadline")
      memory.setValue(25, forKey: "resilience.payment.rateLimit.permits")
      try stacks.reload()
      #expect(stacks["payment"] === stack)
      #expect(stack.policy.deadline.duration == .seconds(2))
      #expect(stack.rateLimiter.limit == .perSecond(25))
      let after = (stack.circuitBreaker.snapshot(), stack.rateLimiter.snapshot())
      #expect(after.0.metrics == before.0.metrics)
      #expect(after.1.acquired == 10)
      // Of 50 permits 10 were taken, of 25 as many: they are owed on.
      #expect(after.1.available == 15)
    }
  }

  /// A wrong value changes nothing, not even what is right beside it, and is told once.
  @Test func aWrongChangeIsKeptOut() async throws {
    let told = Mutex<[InvalidSetting]>([])
    let stacks = try ConfiguredStacks(config(), names: ["payment"]) { wrong in
      told.withLock { $0.append(wrong) }
    }
    let before = stacks["payment"].policy
    memory.setValue("9s", forKey: "resilience.payment.deadline")
    memory.setValue(0, forKey: "resilience.payment.retry.maxAttempts")
    for _ in 0..<2 {
      #expect(throws: InvalidSetting.self) { try stacks.reload() }
      #expect(stacks["payment"].policy == before)
      #expect(stacks.lastRefusal?.field == "payment.retry.maxAttempts")
      #expect(stacks.lastRefusal?.value == "0")
    }
    #expect(told.withLock { $0 }.count == 1)
    memory.setValue(3, forKey: "resilience.payment.retry.maxAttempts")
    try stacks.reload()
    #expect(stacks.lastRefusal == nil)
    #expect(stacks["payment"].policy.deadline.duration == .seconds(9))
  }

  /// The provider's word is enough: nobody has to ask.
  @Test func aChangeIsSeenByItself() async throws {
    let stacks = try ConfiguredStacks(config(), names: ["payment"])
    await withThrowingTaskGroup { group in
      group.addTask { try await stacks.run() }
      memory.setValue("2s", forKey: "resilience.payment.deadline")
      while stacks["payment"].policy.deadline.duration != .seconds(2) { await Task.yield() }
      group.cancelAll()
    }
  }

  @Test func aPolicyAloneIsReadToo() throws {
    let snapshot = config().snapshot()
    #expect(try snapshot.policy(RetryPolicy.self, forKey: "payment.retry")?.maxAttempts == 4)
    #expect(try snapshot.policy(RetryPolicy.self, forKey: "stock.retry") == nil)
  }
}
