public import ResilienceCore

/// An event that a group was given up on, and why.
public struct DeadLetter: Sendable {
  /// Why an event was given up.
  public enum Reason: Sendable, Hashable {
    /// It was delivered as often as the policy allows.
    case exhausted(deliveries: Int)

    /// Delivering it again cannot help: the handler said so (``PoisonEvent``, `doNotRetry`), or the payload
    /// is of another type.
    case poison

    /// Its data is not what the subscriber's event type reads; ``DeadLetter/lastError`` says where.
    /// ``DeadLetter/encoded(context:)`` has the bytes.
    case undecodable

    /// Its deadline had passed, or would have before its redelivery.
    case expired

    /// Its group was removed.
    case noSubscriber

    /// Its group had as many events outstanding as it may, and this was the oldest; see ``Overflow``.
    case overflow
  }

  /// One time that an event was given up.
  public struct Death: Sendable, Hashable {
    /// Why.
    public let reason: Reason

    /// What the last delivery failed with, as text; `nil` when there was none.
    public let lastError: String?

    /// Deliveries before it.
    public let deliveries: Int

    /// When.
    public let time: UnixTime

    /// Describes a death, for a broker that keeps it.
    ///
    /// - Parameters:
    ///   - reason: Why.
    ///   - lastError: What the last delivery failed with; `nil` when there was none.
    ///   - deliveries: Deliveries before it, 0 or more.
    ///   - time: When.
    public init(reason: Reason, lastError: String?, deliveries: Int, time: UnixTime) {
      self.reason = reason
      self.lastError = lastError
      self.deliveries = deliveries
      self.time = time
    }
  }

  /// Numbers the dead letters of one bus, from 1.
  public let number: Int

  /// The event without its payload; ``EventEnvelope/attempt`` is the number of its deliveries.
  public let event: EventEnvelope

  /// The group that did not handle it.
  public let group: String

  /// Why it was given up.
  public let reason: Reason

  /// What the last delivery failed with, as text; `nil` when the event was given up without one.
  public let lastError: String?

  /// When it was given up.
  public let time: UnixTime

  /// The events that its group gets.
  public let filter: EventFilter

  let message: Message

  /// How often it was given up and redriven before, oldest first; of more than 16 the latest 16.
  public var history: [Death] { message.deaths }

  /// The event with its payload.
  ///
  /// - Returns: `nil` when the payload is of another type, or cannot be decoded.
  public func event<Payload>(as type: EventType<Payload>) -> Event<Payload>? {
    try? message.event(of: type, group: group, attempt: event.attempt)
  }

  /// The event as attributes and bytes: those that came, where it came as bytes.
  ///
  /// - Parameter context: Where the clock for the deadline comes from. Default: that of the enclosing call.
  /// - Throws: ``NoEventCoding`` when the payload has no form as bytes; what its coding throws.
  public func encoded(context: CallContext = .current) throws -> EncodedEvent {
    try message.with(event, deaths: []).encoded(context)
  }
}

extension DeadLetter {
  static let rememberedDeaths = 16

  /// The history with this death.
  var deaths: [Death] {
    let death = Death(reason: reason, lastError: lastError, deliveries: event.attempt, time: time)
    return (history + [death]).suffix(Self.rememberedDeaths)
  }
}

extension DeadLetter.Reason: CustomStringConvertible {
  /// The reason in words: `exhausted after 5 deliveries`.
  public var description: String {
    switch self {
    case .exhausted(let deliveries): "exhausted after \(deliveries) deliveries"
    case .poison: "poison"
    case .undecodable: "undecodable"
    case .expired: "expired"
    case .noSubscriber: "no subscriber"
    case .overflow: "overflow"
    }
  }
}

extension DeadLetter: CustomStringConvertible {
  /// What, for whom, why.
  public var description: String {
    SafeText.escaped("\(event) for \(group): \(reason)" + (lastError.map { ", last error: \($0)" } ?? ""))
  }
}
