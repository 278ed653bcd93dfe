import Testing

/// What the compiler says about code that uses the package.
@Suite struct CompilerWarningTests {
  @Test(.enabled(if: Compiler.isInstalled, "no swiftc was found in PATH"))
  func row27_aBreakerDirectlyAroundARetryOrAHedgeIsWarnedOfWithTheReason() throws {
    let warnings = try Compiler.diagnoses(
      of: """
        import ResilienceCircuitBreaker
        import ResilienceRetry
        let breaker = CircuitBreaker("stock")
        let call = ServiceCall { (number: Int) in number }
        let right = call.circuitBreaker(breaker).retry().hedge()
        let retried = call.retry().circuitBreaker(breaker)
        let hedged = call.hedge().circuitBreaker(breaker)
        let hidden = call.retry().erased().circuitBreaker(breaker)
        """)
    // It cannot see through an erased type: the documentation says so.
    #expect(warnings.map(\.line) == [6, 7])
    for warning in warnings {
      #expect(warning.severity == "warning")
      #expect(
        warning.text.contains("a breaker around a retry sees one result where the destination saw several"))
      #expect(warning.text.contains("apply .circuitBreaker first and .retry (or .hedge) after it"))
    }
  }

  /// An order that types can show to be a mistake: what is written, and what is said of it.
  static let mistakes: [(stack: String, reason: String, order: String)] = [
    (
      "call.fallback { _, _ in 0 }.retry()", "a retry around a fallback sees no failure",
      "apply .retry first and .fallback after it"
    ),
    (
      "call.fallback { _, _ in 0 }.retry(maxAttempts: 2)", "a retry around a fallback sees no failure",
      "apply .retry first and .fallback after it"
    ),
    (
      "call.fallback { _, _ in 0 }.circuitBreaker(CircuitBreaker(\"stock\"))",
      "a breaker around a fallback sees no failure", "apply .circuitBreaker first and .fallback after it"
    ),
    (
      "call.retry().standardStack(StandardStack(\"stock\"))",
      "a breaker that sees one result where the destination saw several calls", "leave the inner retry out"
    ),
    (
      "call.fallback { _, _ in 0 }.standardStack(StandardStack(\"stock\"))",
      "a standard stack around a fallback sees no failure",
      "apply .standardStack first and .fallback after it"
    ),
    (
      "call.fallback { _, _ in 0 }.retry(live: LivePolicy(RetryPolicy()))",
      "a retry around a fallback sees no failure", "apply .retry first and .fallback after it"
    ),
    (
      "call.retry().timeout(live: LivePolicy(TimeLimit(.seconds(1))))",
      "a time limit around a retry is for all attempts together",
      "apply .timeout first, for each attempt, and .deadline after .retry"
    ),
    (
      "call.retry().timeout(.seconds(1))", "a time limit around a retry is for all attempts together",
      "apply .timeout first, for each attempt, and .deadline after .retry"
    ),
    (
      "call.retry().rateLimit(QuotaLimiter(\"mail\", quotas: [.perDay(1000)]))",
      "a quota around a retry counts calls, and the provider counts attempts",
      "apply .rateLimit first and .retry (or .hedge) after it"
    ),
    (
      "call.hedge().throttle(AdaptiveThrottle(\"mail\"))",
      "a throttle around a retry sees one result where the destination saw several",
      "apply .throttle first and .retry (or .hedge) after it"
    ),
    (
      "call.retry().standardStack()",
      "a breaker that sees one result where the destination saw several calls", "leave the inner retry out"
    ),
    (
      "call.fallback { _, _ in 0 }.standardStack(StandardStackPolicy(deadline: .seconds(5)))",
      "a standard stack around a fallback sees no failure",
      "apply .standardStack first and .fallback after it"
    ),
    (
      "call.fallback { _, _ in 0 }.circuitBreaker()",
      "a breaker around a fallback sees no failure", "apply .circuitBreaker first and .fallback after it"
    ),
    (
      "call.fallback { _, _ in 0 }.circuitBreaker(CircuitBreakers<Int>(\"stock\"), by: { $0 })",
      "a breaker around a fallback sees no failure", "apply .circuitBreaker first and .fallback after it"
    ),
    (
      "call.retry().rateLimit(QuotaLimiter(\"mail\", quotas: [.perDay(1000)]), cost: { $0 })",
      "a quota around a retry counts calls, and the provider counts attempts",
      "apply .rateLimit first and .retry (or .hedge) after it"
    ),
    (
      "call.retry().rateLimit(KeyedQuotaLimiter<Int>(\"mail\", quotas: [.perDay(1000)]), by: { $0 })",
      "a quota around a retry counts calls, and the provider counts attempts",
      "apply .rateLimit first and .retry (or .hedge) after it"
    ),
    (
      "call.retry().throttle(AdaptiveThrottles<Int>(\"mail\"), by: { $0 })",
      "a throttle around a retry sees one result where the destination saw several",
      "apply .throttle first and .retry (or .hedge) after it"
    ),
    (
      "call.retry().timeout(.seconds(1), abandoning: AbandonedWork(\"mail\"))",
      "a time limit around a retry is for all attempts together",
      "apply .timeout first, for each attempt, and .deadline after .retry"
    ),
    (
      "call.retry().timeout(live: LivePolicy(TimeLimit(.seconds(1))), abandoning: AbandonedWork(\"mail\"))",
      "a time limit around a retry is for all attempts together",
      "apply .timeout first, for each attempt, and .deadline after .retry"
    ),
  ]

  @Test(.enabled(if: Compiler.isInstalled, "no swiftc was found in PATH"))
  func anOrderThatIsAMistakeIsWarnedOfWithTheReasonAndTheRightOne() throws {
    let warnings = try Compiler.diagnoses(
      of: "import Resilience\nlet call = ServiceCall { (number: Int) in number }\n"
        + Self.mistakes.map { "_ = \($0.stack)" }.joined(separator: "\n"))
    #expect(warnings.map(\.line) == Array(3..<(3 + Self.mistakes.count)))
    for (warning, mistake) in zip(warnings, Self.mistakes) {
      #expect(warning.severity == "warning")
      #expect(warning.text.contains(mistake.reason) && warning.text.contains(mistake.order), "\(warning)")
    }
  }

  @Test(.enabled(if: Compiler.isInstalled, "no swiftc was found in PATH"))
  func theRightOrdersAreNotWarnedOf() throws {
    let warnings = try Compiler.diagnoses(
      of: """
        import Resilience
        let call = ServiceCall { (number: Int) in number }
        _ = call.timeout(.seconds(1)).circuitBreaker(CircuitBreaker("stock")).retry().fallback { _, _ in 0 }
        _ = call.throttle(AdaptiveThrottle("mail")).rateLimit(QuotaLimiter("mail", quotas: [.perDay(9)])).hedge()
        _ = call.retry().rateLimit(.perSecond(5)).bulkhead(20).deadline(.seconds(3)).timeout(.seconds(4))
        _ = call.hedge().timeout(.seconds(1)).retry(maxAttempts: 2)
        let mail = QuotaLimiter("mail", quotas: [.perDay(9)])
        _ = call.rateLimit(mail).standardStack(StandardStack("mail")).fallback { _, _ in 0 }
        _ = call.throttle(AdaptiveThrottles<Int>("mail"), by: { $0 }).standardStack().fallback { _, _ in 0 }
        _ = call.retry().rateLimit(KeyedRateLimiter<Int>("mail", limit: .perSecond(9)), by: { $0 })
        """)
    #expect(warnings.isEmpty, "\(warnings)")
  }

  /// And not at the call, or at the end of the stack.
  @Test(.enabled(if: Compiler.isInstalled, "no swiftc was found in PATH"))
  func aFallbackOfAnotherTypeIsReportedAtTheFallback() throws {
    let errors = try Compiler.diagnoses(
      of: """
        import Resilience
        func price(_ number: Int) async throws -> Int { number }
        let call = ServiceCall { (number: Int) in try await price(number) }
        let value = ServiceCall { (number: Int) in try await price(number) }
          .timeout(.seconds(1))
          .fallback("none")
          .deadline(.seconds(3))
        let closure =
          call
          .fallback { _, _ in "none" }
          .deadline(.seconds(3))
        let right = ServiceCall { (number: Int) in try await price(number) }
          .fallback(0)
          .fallback { _, _ in 0 }
        """)
    #expect(errors.map(\.line) == [6, 10], "\(errors)")
    #expect(errors.map(\.severity) == ["error", "error"])
  }
}
