internal import ResilienceCore

/// A subscription's handler with its payload type hidden.
protocol Consumer: Sendable {
  func consume(
    _ message: any Message, group: String, attempt: Int, context: CallContext, bus: EventBus
  ) async throws -> Outcome

  func outcome(ofError error: any Error) -> Outcome
}

struct HandlerConsumer<Base: Handler, Payload: Sendable>: Consumer
where Base.Input == Event<Payload>, Base.Output == Void {
  let base: Base

  func consume(
    _ message: any Message, group: String, attempt: Int, context: CallContext, bus: EventBus
  ) async throws -> Outcome {
    let event = try message.decoded(as: Payload.self, group: group, attempt: attempt)
    return base.outcome(ofValue: try await base.handle(event, context: context))
  }

  func outcome(ofError error: any Error) -> Outcome { base.outcome(ofError: error) }
}

struct ResponderConsumer<Base: Handler, Payload: Sendable>: Consumer where Base.Input == Event<Payload> {
  let base: Base
  let replyType: EventType<Base.Output>

  func consume(
    _ message: any Message, group: String, attempt: Int, context: CallContext, bus: EventBus
  ) async throws -> Outcome {
    let event = try message.decoded(as: Payload.self, group: group, attempt: attempt)
    let reply = try await base.handle(event, context: context)
    try bus.reply(to: event, with: reply, as: replyType, context: context)
    return .success
  }

  func outcome(ofError error: any Error) -> Outcome { base.outcome(ofError: error) }
}

extension Message {
  func decoded<Payload>(as payload: Payload.Type, group: String, attempt: Int) throws -> Event<Payload> {
    guard let event = event(of: payload, group: group, attempt: attempt) else {
      throw PayloadMismatch(
        type: envelope.type, expected: "\(Payload.self)", found: payloadName)
    }
    return event
  }
}
