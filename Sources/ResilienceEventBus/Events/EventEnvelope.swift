public import ResilienceCore

/// What is known of an event apart from its payload: the attributes of CloudEvents 1.0, and what travels
/// along.
public struct EventEnvelope: Sendable {
  /// The version of CloudEvents that the attributes follow.
  public static let specVersion = "1.0"

  // What never changes is shared by all copies, of which a delivery makes several; so is, behind it, what few
  // events have.
  private var identity: Identity

  /// Tells this event from all others of its source; a copy that is delivered again has the same. Not empty.
  public var id: String { identity.id }

  /// Who published it; not empty.
  public var source: String { identity.source }

  /// What happened, as ``EventType/name``; not empty.
  public var type: String { identity.definition.name }

  /// The version of the payload's form, from 1; see ``EventType/upcasting(from:_:_:)``.
  public var dataVersion: Int { identity.definition.version }

  /// What it happened to: the ordering key, unless there is another ``partitionKey``. Events of one subject
  /// are delivered in order; `nil` for no order.
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
    get { identity.companions?.values.baggage }
    set { identity = identity.with { $0.baggage = newValue } }
  }

  /// The id of the request that a reply belongs to; `nil` for what is neither.
  public var correlationID: String? {
    get { identity.companions?.values.correlationID }
    set { identity = identity.with { $0.correlationID = newValue } }
  }

  /// How the payload is written, as a media type such as `application/json`; `nil` for a payload that is not
  /// written.
  public var contentType: String? {
    identity.companions?.values.contentType ?? identity.definition.contentType
  }

  /// The CloudEvents attribute `dataschema`: a URI of the schema that the payload follows. Default: none.
  public var dataSchema: String? {
    get { identity.companions?.values.dataSchema }
    set { identity = identity.with { $0.dataSchema = newValue } }
  }

  /// Extension attributes of CloudEvents that have no property here, by name: those of an imported event and
  /// those that you add. Names are lower-case letters and digits. Default: none.
  ///
  /// ``Event/encoded(context:)`` refuses what cannot be written.
  public var extensions: [String: ExtensionValue] {
    get { identity.companions?.values.extensions ?? [:] }
    set { identity = identity.with { $0.extensions = newValue } }
  }

  /// What an event is ordered by, and spread over partitions by: the extension attribute `partitionkey`, else
  /// the subject.
  public var partitionKey: String? {
    guard let companions = identity.companions else { return subject }
    return companions.values.extensions["partitionkey"]?.description ?? subject
  }

  /// When its first delivery began, if that is known. Default: unknown.
  public var firstAttemptTime: UnixTime? {
    get { identity.companions?.values.firstAttemptTime }
    set { identity = identity.with { $0.firstAttemptTime = newValue } }
  }

  /// The event type that the publisher expects a reply as; `nil` for none.
  public var replyTo: String? {
    get { identity.companions?.values.replyTo }
    set { identity = identity.with { $0.replyTo = newValue } }
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
    id: String?, source: String, definition: EventDefinition, subject: String?, deadline: Deadline,
    context: CallContext
  ) throws(InvalidEvent) {
    if let id { try InvalidEvent.require(id, in: "id") }
    try InvalidEvent.require(source, in: "source")
    if let subject { try InvalidEvent.require(subject, in: "subject") }
    // An id drawn here and a trace id, neither of which is a secret, are made of the same bits.
    let bits = id != nil && context.trace.isPresent ? (0, 0) : (context.random(), context.random())
    identity = Identity(
      id: id, source: source, definition: definition, subject: subject, time: context.clock.unixTime,
      companions: CallContext.hasBaggage
        ? Companions(CompanionValues(baggage: CallContext.baggage)) : nil, bits: bits)
    trace = context.trace.orReserved(bits)
    self.deadline = deadline
    attempt = 0
    group = ""
    delivery = .none
  }

  /// The envelope of an event from outside, whose attributes are valid.
  init(
    importing event: EncodedEvent, definition: EventDefinition, deadline: Deadline, trace: TraceIDs,
    attempt: Int, values: CompanionValues, context: CallContext
  ) {
    identity = Identity(
      id: event.id, source: event.source, definition: definition, subject: event.subject,
      time: event.time ?? context.clock.unixTime, companions: Companions(values))
    self.trace = trace.isPresent ? trace : trace.orReserved((context.random(), context.random()))
    self.deadline = deadline
    self.attempt = attempt
    group = ""
    delivery = .none
  }

  /// What the publisher said of the payload.
  var definition: EventDefinition { identity.definition }

  /// The same envelope for a payload of another form.
  func with(_ definition: EventDefinition) -> EventEnvelope {
    var envelope = self
    envelope.identity = Identity(
      id: id, source: source, definition: definition, subject: subject, time: time,
      companions: identity.companions)
    if definition.version != dataVersion, dataSchema != nil { envelope.dataSchema = nil }
    if contentType != nil { envelope.identity = envelope.identity.with { $0.contentType = nil } }
    return envelope
  }

  /// The envelope as `group` sees it on the `attempt`-th delivery.
  init(_ other: EventEnvelope, group: String, attempt: Int, _ delivery: DeliveryPlace) {
    identity = other.identity
    trace = other.trace
    deadline = other.deadline
    self.group = group
    self.attempt = attempt
    self.delivery = delivery
  }
}

extension EventEnvelope {
  private final class Identity: Sendable {
    // An id is made when somebody asks for it: most events are never asked.
    let givenID: String?
    let bits: (UInt64, UInt64)
    let source: String
    let definition: EventDefinition
    let subject: String?
    let time: UnixTime
    let companions: Companions?

    var id: String { givenID ?? EventID.make(bits) }

    init(
      id: String?, source: String, definition: EventDefinition, subject: String?, time: UnixTime,
      companions: Companions?, bits: (UInt64, UInt64) = (0, 0)
    ) {
      givenID = id
      self.bits = bits
      self.source = source
      self.definition = definition
      self.subject = subject
      self.time = time
      self.companions = companions
    }

    func with(_ change: (inout CompanionValues) -> Void) -> Identity {
      var values = companions?.values ?? CompanionValues()
      change(&values)
      return Identity(
        id: id, source: source, definition: definition, subject: subject, time: time,
        companions: Companions(values))
    }
  }

  struct CompanionValues: Sendable {
    var baggage: (any Sendable)?
    var correlationID: String?
    var replyTo: String?
    var contentType: String?
    var dataSchema: String?
    var firstAttemptTime: UnixTime?
    var extensions: [String: ExtensionValue] = [:]
  }

  private final class Companions: Sendable {
    let values: CompanionValues

    init(_ values: CompanionValues) {
      self.values = values
    }
  }
}

extension EventEnvelope: CustomStringConvertible {
  /// Type, id and subject: `order_created 0h3c… of customer 17850`.
  public var description: String {
    SafeText.escaped("\(type) \(id)" + (subject.map { " of \($0)" } ?? ""))
  }
}
