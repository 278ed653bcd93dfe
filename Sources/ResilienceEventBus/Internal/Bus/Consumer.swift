public import ResilienceCore

/// A subscription's handler with its payload type hidden.
///
/// Closures, made where the types are known: the methods of a generic type behind a protocol would look up
/// its metadata on every delivery.
@usableFromInline
struct Consumer: Sendable {
  @usableFromInline
  typealias Consume =
    nonisolated(nonsending) @Sendable (_ delivery: Delivery, _ bus: EventBus) async throws -> Outcome

  @usableFromInline let consume: Consume
  @usableFromInline let judge: @Sendable (any Error, CallContext) -> Outcome
  /// Whether a refusal says that nothing was sent: not behind a retry, whose earlier attempts were.
  @usableFromInline let provesRefusals: Bool

  @inlinable
  init(
    provesRefusals: Bool, consume: @escaping Consume,
    judge: @escaping @Sendable (any Error, CallContext) -> Outcome
  ) {
    self.provesRefusals = provesRefusals
    self.consume = consume
    self.judge = judge
  }

  /// A handler that returns nothing.
  @inlinable
  init<Payload>(_ base: some Handler<Event<Payload>, Void>, of type: EventType<Payload>) {
    self.init(provesRefusals: !base.mayRepeatCalls) { delivery, _ in
      let event = try delivery.event(of: type)
      // Not judged by who cancelled: the bus acknowledges a value that is neutral. One that is a failure as
      // the bus shuts down is given back, unless it says not to deliver it again.
      return base.outcome(ofValue: try await base.perform(event, in: delivery.context))
    } judge: {
      base.judge($0, in: $1)
    }
  }

  /// A handler whose value is published as the reply.
  @inlinable
  init<Payload, Reply>(
    _ base: some Handler<Event<Payload>, Reply>, of type: EventType<Payload>,
    replyingWith replyType: EventType<Reply>
  ) {
    self.init(provesRefusals: !base.mayRepeatCalls) { delivery, bus in
      let event = try delivery.event(of: type)
      let reply = try await base.perform(event, in: delivery.context)
      try bus.reply(to: event, with: reply, as: replyType, context: delivery.context)
      return .success
    } judge: {
      base.judge($0, in: $1)
    }
  }
}

/// One delivery of a message, as its consumer sees it.
@usableFromInline
struct Delivery: Sendable {
  @usableFromInline let message: Message
  @usableFromInline let group: String
  @usableFromInline let attempt: Int
  @usableFromInline let place: DeliveryPlace
  @usableFromInline let context: CallContext

  init(
    message: Message, group: String, attempt: Int, place: DeliveryPlace = .none, context: CallContext
  ) {
    self.message = message
    self.group = group
    self.attempt = attempt
    self.place = place
    self.context = context
  }

  @inlinable
  func event<Payload>(of type: EventType<Payload>) throws -> Event<Payload> {
    do {
      return try message.event(of: type, group: group, attempt: attempt, place)
    } catch {
      throw Undeliverable(error)
    }
  }
}
