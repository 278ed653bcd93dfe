import Resilience
import Synchronization

/// The layer of "Write your own decorator", as somebody's package has it.
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
