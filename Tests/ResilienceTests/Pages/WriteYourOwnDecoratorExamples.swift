// The code of WriteYourOwnDecorator.md, compiled.

import Resilience
import Synchronization

struct CountedHandler<Base: Handler>: HandlerDecorator {
  let base: Base
  let counts: CallCounts

  var layer: HandlerLayer? { HandlerLayer("counted") }

  nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
    do {
      let value = try await base.handle(input, context: context)
      counts.note(base.judge(value: value, in: context))
      return value
    } catch {
      counts.note(base.judge(error, in: context))
      throw error
    }
  }
}

final class CallCounts: Sendable {
  private let failures = Atomic<Int>(0)
  private let others = Atomic<Int>(0)

  func note(_ outcome: Outcome) {
    if outcome.verdict == .failure {
      failures.wrappingAdd(1, ordering: .relaxed)
    } else {
      others.wrappingAdd(1, ordering: .relaxed)
    }
  }

  var snapshot: (failures: Int, others: Int) {
    (failures.load(ordering: .relaxed), others.load(ordering: .relaxed))
  }
}

extension Handler {
  func counted(by counts: CallCounts) -> CountedHandler<Self> { CountedHandler(base: self, counts: counts) }
}

struct TimedHandler<Base: Handler>: HandlerDecorator {
  let base: Base
  let report: @Sendable (Duration) -> Void

  var layer: HandlerLayer? { HandlerLayer("timed") }

  nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
    let began = context.readClock()
    defer { report(began.duration(to: context.readClock())) }
    return try await base.handle(input, context: context)
  }
}

func decoratorPageUse(_ payments: Payments) async throws -> (description: String, failures: Int, others: Int)
{
  let counts = CallCounts()
  let charge = ServiceCall("payment") { (order: Order) in try await payments.charge(order) }
    .counted(by: counts)  // each attempt
    .retry()

  print(charge)  // payment: retry 3 (exponential 50 ms…20 s, full jitter) → counted
  _ = try await charge(Order())
  return ("\(charge)", counts.snapshot.failures, counts.snapshot.others)
}
