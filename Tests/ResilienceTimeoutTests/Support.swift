import ResilienceCore
import ResilienceTestKit

/// Says what passes through it.
struct Witness<Base: Handler>: HandlerDecorator {
  let base: Base
  let errors: Log<String>

  func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
    do {
      return try await base.handle(input, context: context)
    } catch {
      errors.append("\(judge(error, in: context).verdict): \(error)")
      throw error
    }
  }
}

extension Handler {
  func witness(_ errors: Log<String>) -> Witness<Self> { Witness(base: self, errors: errors) }
}

/// Counts timers, and moves on when somebody waits for its first nanosecond.
final class CountingClock: ResilienceClock {
  let base = ManualClock()
  private let count = Log<Instant>()

  var scheduled: Int { count.entries.count }
  var now: Instant { base.now }
  var unixTime: UnixTime { base.unixTime }

  func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    count.append(instant)
    let token = base.schedule(at: instant, action)
    if instant.nanoseconds == 1 { Task.detached { self.base.advance(by: .nanoseconds(1)) } }
    return token
  }

  func cancel(_ token: TimerToken) -> Bool { base.cancel(token) }
}
