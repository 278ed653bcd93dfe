public import ResilienceCore

/// What is known of an event apart from its payload: the attributes of CloudEvents 1.0, and what travels
/// along.
public struct EventEnvelope: Sendable {
  /// The version of CloudEvents that the attributes follow.
  public static let specVersion = "1.0"

  // What never changes is shared by all copies, of which a delivery makes several; so is what few events
  // have.
  private let identity: Identity
  private var companions = Companions.none

  /// Tells this event from all others of its source; a copy that is delivered again has the same. Not empty.
  public var id: String { identity.id }

  /// Who published it; not empty.
  public var source: String { identity.source }

  /// What happened, as ``EventType/name``; not empty.
  public var type: String { identity.type }

  /// What it happened to: the ordering key. Events of one subject are delivered in order; `nil` for no order.
  public var subject: String? { identity.subject }

  /// When it was made.
  public var time: UnixTime { identity.time }

  /// The span that published it, so that the delivery belongs to the same trace. Of an event that was
  /// published outside a trace it has a trace id and no span, so that all its deliveries belong to one trace,
  /// which begins with them.
  public var trace: TraceIDs

  /// When nobody waits for its effect any more: past it the event is a dead letter, and its handler does not
  /// run.
  public var deadline: Deadline

  /// What else travels along; see ``ResilienceCore/CallContext/baggage``.
  public var baggage: (any Sendable)? {
    get { companions.baggage }
    set { companions = companions.with { $0.baggage = newValue } }
  }

  /// The id of the request that a reply belongs to; `nil` for what is neither.
  public var correlationID: String? {
    get { companions.correlationID }
    set { companions = companions.with { $0.correlationID = newValue } }
  }

  /// The event type that the publisher expects a reply as; `nil` for none.
  public var replyTo: String? {
    get { companions.replyTo }
    set { companions = companions.with { $0.replyTo = newValue } }
  }

  /// Which delivery this is, from 1; 0 before the first.
  ///
  /// It counts all deliveries to a group. An event that a handler publishes again goes on counting where it
  /// was, so that a loop of republishing ends too; set it to 0 to start anew.
  public var attempt: Int

  /// The group that it is delivered to; empty before the first delivery.
  public internal(set) var group: String

  /// The delivery that it was handed out with.
  var delivery: DeliveryPlace

  /// The envelope of an event of this moment and of the call of `context`.
  @usableFromInline
  init(
    id: String?, source: String, type: String, subject: String?, deadline: Deadline, context: CallContext
  ) throws(InvalidEvent) {
    try InvalidEvent.requireContent(id, in: "id")
    try InvalidEvent.requireContent(source, in: "source")
    try InvalidEvent.requireContent(subject, in: "subject")
    // An id drawn here and a trace id, neither of which is a secret, are made of the same bits.
    let bits = id != nil && context.trace.isPresent ? (0, 0) : (context.random(), context.random())
    identity = Identity(
      id: id ?? EventID.make(bits), source: source, type: type, subject: subject,
      time: context.clock.unixTime)
    trace = context.trace.orReserved(bits)
    self.deadline = deadline
    attempt = 0
    group = ""
    delivery = .none
    if let baggage = CallContext.baggage { self.baggage = baggage }
  }

  /// The envelope as `group` sees it on the `attempt`-th delivery.
  @usableFromInline
  func delivered(to group: String, attempt: Int, _ delivery: DeliveryPlace) -> EventEnvelope {
    var envelope = self
    envelope.group = group
    envelope.attempt = attempt
    envelope.delivery = delivery
    return envelope
  }
}

extension EventEnvelope {
  private final class Identity: Sendable {
    let id: String
    let source: String
    let type: String
    let subject: String?
    let time: UnixTime

    init(id: String, source: String, type: String, subject: String?, time: UnixTime) {
      self.id = id
      self.source = source
      self.type = type
      self.subject = subject
      self.time = time
    }
  }

  private final class Companions: Sendable {
    struct Values {
      var baggage: (any Sendable)?
      var correlationID: String?
      var replyTo: String?
    }

    static let none = Companions(Values())

    let baggage: (any Sendable)?
    let correlationID: String?
    let replyTo: String?

    init(_ values: Values) {
      baggage = values.baggage
      correlationID = values.correlationID
      replyTo = values.replyTo
    }

    func with(_ change: (inout Values) -> Void) -> Companions {
      var values = Values(baggage: baggage, correlationID: correlationID, replyTo: replyTo)
      change(&values)
      return Companions(values)
    }
  }
}

extension EventEnvelope: CustomStringConvertible {
  /// Type, id and subject: `order_created 0h3c… of customer 17850`.
  public var description: String {
    SafeText.escaped("\(type) \(id)" + (subject.map { " of \($0)" } ?? ""))
  }
}
