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
}
