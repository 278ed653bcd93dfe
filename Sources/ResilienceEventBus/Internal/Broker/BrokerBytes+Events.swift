internal import ResilienceCore

extension BrokerWriter {
  /// Of a long error the beginning, so that a dead letter is not much longer than its event.
  static let errorLength = 1000

  mutating func event(_ event: EncodedEvent) {
    text(event.id)
    text(event.source)
    text(event.type)
    optional(event.subject) { $0.text($1) }
    optional(event.time) { $0.integer($1.nanoseconds) }
    optional(event.contentType) { $0.text($1) }
    optional(event.dataSchema) { $0.text($1) }
    list(event.extensions.sorted { $0.key < $1.key }) { writer, attribute in
      writer.text(attribute.key)
      switch attribute.value {
      case .string(let text):
        writer.byte(0)
        writer.text(text)
      case .integer(let number):
        writer.byte(1)
        writer.integer(Int64(number))
      case .boolean(let value): writer.byte(value ? 3 : 2)
      }
    }
    optional(event.data) { $0.data($1) }
  }

  mutating func death(_ death: DeadLetter.Death) {
    switch death.reason {
    case .exhausted(let deliveries):
      byte(0)
      integer(Int64(deliveries))
    case .poison: byte(1)
    case .undecodable: byte(2)
    case .expired: byte(3)
    case .noSubscriber: byte(4)
    case .overflow: byte(5)
    }
    optional(death.lastError) { $0.text(String($1.prefix(Self.errorLength))) }
    integer(Int64(death.deliveries))
    integer(death.time.nanoseconds)
  }

  mutating func filter(_ filter: EventFilter) {
    switch filter {
    case .all: byte(0)
    case .type(let name):
      byte(1)
      text(name)
    case .prefix(let prefix):
      byte(2)
      text(prefix)
    }
  }
}

extension BrokerReader {
  mutating func event() throws(Unreadable) -> EncodedEvent {
    let (id, source, type) = (try text(), try text(), try text())
    let subject = try optional { reader throws(Unreadable) in try reader.text() }
    let time = try optional { reader throws(Unreadable) in
      UnixTime(nanoseconds: try reader.integer())
    }
    let contentType = try optional { reader throws(Unreadable) in try reader.text() }
    let dataSchema = try optional { reader throws(Unreadable) in try reader.text() }
    let extensions = try list { reader throws(Unreadable) in (try reader.text(), try reader.extensionValue())
    }
    let data = try optional { reader throws(Unreadable) in try reader.data() }
    do {
      return try EncodedEvent(
        id: id, source: source, type: type, subject: subject, time: time, contentType: contentType,
        dataSchema: dataSchema, extensions: Dictionary(extensions) { first, _ in first }, data: data)
    } catch {
      throw Unreadable()
    }
  }

  private mutating func extensionValue() throws(Unreadable) -> ExtensionValue {
    switch try byte() {
    case 0: return .string(try text())
    case 1:
      guard let number = Int32(exactly: try integer()) else { throw Unreadable() }
      return .integer(number)
    case 2: return .boolean(false)
    case 3: return .boolean(true)
    default: throw Unreadable()
    }
  }

  mutating func death() throws(Unreadable) -> DeadLetter.Death {
    let reason: DeadLetter.Reason
    switch try byte() {
    case 0: reason = .exhausted(deliveries: Int(clamping: try integer()))
    case 1: reason = .poison
    case 2: reason = .undecodable
    case 3: reason = .expired
    case 4: reason = .noSubscriber
    case 5: reason = .overflow
    default: throw Unreadable()
    }
    let lastError = try optional { reader throws(Unreadable) in try reader.text() }
    return DeadLetter.Death(
      reason: reason, lastError: lastError, deliveries: Int(clamping: try integer()),
      time: UnixTime(nanoseconds: try integer()))
  }

  mutating func filter() throws(Unreadable) -> EventFilter {
    switch try byte() {
    case 0: .all
    case 1: .type(try text())
    case 2: .prefix(try text())
    default: throw Unreadable()
    }
  }
}
