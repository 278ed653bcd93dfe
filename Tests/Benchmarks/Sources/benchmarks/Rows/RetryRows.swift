import Resilience

/// A call that fails until it is asked for the third time.
private func makeThirdTimeLucky() -> ServiceCall<Int, Int> {
  let offset = CommandLine.arguments.count
  return ServiceCall("call") { (input: Int, context: CallContext) in
    guard context.attempt > 2 else { throw Failure(number: input) }
    return input &+ offset
  }
}

private let atOnce = RetryPolicy(backoff: .none)

func retryRows() -> [Row] {
  [
    .call("retry: success") { makeCall().retry() }
      .from(.off, .actor, .main)
      .floor("call")
      .target("retry, success", instructions: 10, allocations: 0, over: "call")
      .beat(
        "retry, success",
        "tower 3.6 ns over a no-op of 2.2; resilience4j 8; Swift: ResilienceKit 152, concurrency-retry 163"),
    .call("retry: success, without a budget") { makeCall().retry(budget: nil) }
      .floor("call"),
    .call("retry: third attempt succeeds, no wait") { makeThirdTimeLucky().retry(atOnce, budget: nil) }
      .floor("call")
      .beat(
        "retry, third attempt succeeds, no wait",
        "tower 13 ns (values, no throw); resilience4j 32; Swift: ResilienceKit 409, swift-retry 5 315"),
    .call("retry: third attempt succeeds, no wait, with a budget") {
      makeThirdTimeLucky().retry(atOnce, budget: RetryBudget(ratio: 10, reserve: 1000))
    }
    .floor("call"),
    .sync("retry: budget, deposit and ask") {
      let budget = RetryBudget("benchmark", ratio: 1, reserve: 10)
      return { count in
        var granted = 0
        for now in 0..<Int64(count)
        where budget.withdraw(depositing: true, at: Instant(nanoseconds: now)) { granted &+= 1 }
        return granted
      }
    }
    .floor("floor: atomic add")
    .beat("retry budget, deposit + ask", "grpc-swift RetryThrottle 10.5 ns"),
    .async("retry: three calls that throw, one after the other") {
      let call = ServiceCall("call") { (input: Int) -> Int in throw Failure(number: input) }
      return { count in
        var attempts = 0
        for input in 0..<count {
          for _ in 0..<3 {
            do { _ = try await call(input) } catch { attempts &+= 1 }
          }
        }
        return attempts
      }
    },
    .async("retry: three failing attempts, in a loop written by hand") {
      let call = ServiceCall("call") { (input: Int) -> Int in throw Failure(number: input) }
      return { count in
        var failures = 0
        for input in 0..<count {
          do { _ = try await retriedByHand(input, call, maxAttempts: 3, baseNanoseconds: 0) } catch {
            failures &+= 1
          }
        }
        return failures
      }
    }
    .floor("retry: three calls that throw, one after the other"),
    .async("retry: three failing attempts, no wait") {
      let call = ServiceCall("call") { (input: Int) -> Int in throw Failure(number: input) }
        .retry(atOnce, budget: nil)
      return { count in try await failing(count, call) }
    }
    .floor("retry: three failing attempts, in a loop written by hand")
    // A loop written by hand took 3 728 when the target was set; this is a tenth more.
    .target("retry 3 failing attempts, zero delay", instructions: 4100, allocations: 3)
    .because(
      "before each further attempt it asks whether anybody still waits: the task may have been cancelled"),
    .async("retry: refused by its budget") {
      let call = ServiceCall("call") { (input: Int) -> Int in throw Failure(number: input) }
        .retry(atOnce, budget: RetryBudget(ratio: 0))
      return { count in try await failing(count, call) }
    }
    .floor("call"),
  ]
}

/// A retry that does no more than any must: no budget, no deadline, no pushback, nobody is told, no seed of
/// its own.
private func retriedByHand(
  _ input: Int, _ call: ServiceCall<Int, Int>, maxAttempts: Int, baseNanoseconds: Int64
) async throws -> Int {
  var attempt = 1
  while true {
    do {
      return try await call(input)
    } catch {
      if error is CancellationError || attempt == maxAttempts || Task.isCancelled { throw error }
      let ceiling = baseNanoseconds << attempt
      if ceiling > 0 { try await Task.sleep(for: .nanoseconds(Int64.random(in: 0...ceiling))) }
      attempt += 1
    }
  }
}

/// Calls that throw, and how many did.
func failing(_ count: Int, _ call: some Handler<Int, Int>) async throws -> Int {
  var failures = 0
  for input in 0..<count {
    do { _ = try await call(input) } catch { failures &+= 1 }
  }
  precondition(failures == count, "\(count - failures) of \(count) calls did not fail")
  return failures
}
