import ResilienceCore

/// As much of a retry as tracing needs: patterns do not import each other, in tests either.
struct FakeRetry<Base: Handler>: HandlerDecorator {
  let base: Base
  var maxAttempts: UInt16 = 3
  var delay: Duration = .zero
  var event = "retry.scheduled"
  var maker: CallFlags = []

  nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
    var number: UInt16 = 1
    while true {
      var attempt = context
      attempt.beginAttempt(UInt32(number))
      attempt.attemptBegan(of: maker)
      do {
        let output = try await base.handle(input, context: attempt)
        attempt.attemptEnded(of: context, base.outcome(ofValue: output), error: nil)
        return output
      } catch {
        attempt.attemptEnded(of: context, base.judge(error, in: context), error: error)
        guard number < maxAttempts else { throw error }
        number += 1
        context.emit(Retried(attempt: number, name: event))
        try await context.clock.sleep(for: delay)
      }
    }
  }
}

struct Retried: ResilienceEvent {
  var attempt: UInt16
  var name = "retry.scheduled"
  var attributes: [EventAttribute] { [EventAttribute("attempt", .integer(Int64(attempt)))] }
}

struct Declined: Error, CustomStringConvertible {
  let description = "card declined"
}

struct Refused: Rejection {
  var retryAt: Instant? { nil }
}

/// What a bus says of a delivery, as far as tracing knows it.
struct FakeBusEvent: ResilienceEvent {
  var id: String
  let name = "event_bus.redelivery_scheduled"
  var attributes: [EventAttribute] {
    [EventAttribute("id", .string(id)), EventAttribute("group", .string("billing"))]
  }
}
