internal import ResilienceCore

/// The extension attributes that an envelope has properties for.
enum OwnExtensions {
  static let dataVersion = "dataversion"
  // Registered extensions of CloudEvents: expiry time, correlation, distributed tracing.
  static let deadline = "expirytime"
  static let correlationID = "correlationid"
  static let trace = "traceparent"
  static let replyTo = "replyto"
  static let attempt = "deliveryattempt"
  static let firstAttemptTime = "firstattempttime"
  static let notBefore = "notbefore"

  static let names = [
    dataVersion, deadline, correlationID, trace, replyTo, attempt, firstAttemptTime, notBefore,
  ]
}

extension EncodedEvent {
  init(_ envelope: EventEnvelope, _ payload: EncodedPayload, _ context: CallContext) throws(InvalidEvent) {
    var extensions = envelope.extensions
    for name in OwnExtensions.names { extensions[name] = nil }
    if payload.version > 1 {
      extensions[OwnExtensions.dataVersion] = .integer(Int32(clamping: payload.version))
    }
    if !envelope.deadline.isNever {
      // As a time: an event may lie on a disk between two processes, where the time left would stand still.
      let left = context.readClock().duration(to: envelope.deadline.instant)
      let expiry = context.clock.unixTime.advanced(by: left)
      extensions[OwnExtensions.deadline] = .string("\(expiry)")
    }
    if envelope.attempt > 0 {
      extensions[OwnExtensions.attempt] = .integer(Int32(clamping: envelope.attempt))
    }
    if let time = envelope.firstAttemptTime {
      extensions[OwnExtensions.firstAttemptTime] = .string("\(time)")
    }
    if let id = envelope.correlationID { extensions[OwnExtensions.correlationID] = .string(id) }
    if let type = envelope.replyTo { extensions[OwnExtensions.replyTo] = .string(type) }
    // A trace that no span has begun has no form.
    if envelope.trace.isPresent, envelope.trace.span != 0 {
      extensions[OwnExtensions.trace] = .string(envelope.trace.traceparent)
    }
    try self.init(
      id: envelope.id, source: envelope.source, type: envelope.type, subject: envelope.subject,
      time: envelope.time, contentType: payload.contentType, dataSchema: envelope.dataSchema,
      extensions: extensions, data: payload.bytes)
  }

  func payload() throws(InvalidEvent) -> EncodedPayload {
    EncodedPayload(
      bytes: data, contentType: contentType,
      version: Int(try number(OwnExtensions.dataVersion, from: 1) ?? 1))
  }

  /// The envelope of an event of this moment, of the call of `context`.
  func envelope(for definition: EventDefinition, _ context: CallContext) throws(InvalidEvent) -> EventEnvelope
  {
    var values = EventEnvelope.CompanionValues()
    values.correlationID = extensions[OwnExtensions.correlationID]?.description
    values.replyTo = extensions[OwnExtensions.replyTo]?.description
    values.firstAttemptTime = try time(OwnExtensions.firstAttemptTime)
    values.contentType = contentType
    values.dataSchema = dataSchema
    values.extensions = extensions.filter { !OwnExtensions.names.contains($0.key) }
    values.baggage = CallContext.baggage
    var deadline = Deadline.never
    if let expiry = try time(OwnExtensions.deadline) {
      let left = expiry.nanoseconds.subtractingSaturating(context.clock.unixTime.nanoseconds)
      deadline = Deadline(at: context.readClock().advanced(byNanoseconds: left))
    }
    let trace = extensions[OwnExtensions.trace].flatMap { TraceIDs(traceparent: $0.description) }
    return EventEnvelope(
      importing: self, definition: definition, deadline: deadline, trace: trace ?? context.trace,
      attempt: Int(try number(OwnExtensions.attempt, from: 0) ?? 0), values: values, context: context)
  }

  private func number(_ name: String, from least: Int32) throws(InvalidEvent) -> Int32? {
    guard let value = extensions[name] else { return nil }
    if let number = Int32(value.description), number >= least { return number }
    throw InvalidEvent(field: name, value: "\(value)", problem: "must be a whole number from \(least)")
  }

  func time(_ name: String) throws(InvalidEvent) -> UnixTime? {
    guard let value = extensions[name] else { return nil }
    if let time = UnixTime(rfc3339: value.description) { return time }
    throw InvalidEvent(field: name, value: "\(value)", problem: "must be a time as RFC 3339 has it")
  }
}
