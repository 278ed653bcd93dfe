public import ResilienceCore

/// An event as CloudEvents 1.0 attributes and bytes, as it crosses a process boundary.
///
/// ```swift
/// let document = try event.encoded().json()              // application/cloudevents+json
/// let received = try EncodedEvent(json: document)
/// let order = try received.event(as: Topic.orderCreated).data
/// ```
///
/// What it holds is valid: whatever makes one throws ``InvalidEvent`` otherwise. See <doc:CloudEvents> for
/// its attributes and both forms.
public struct EncodedEvent: Sendable {
  /// Tells this event from all others of its source; compared by its bytes.
  public let id: String

  /// Who published it, as a URI reference.
  public let source: String

  /// What happened.
  public let type: String

  /// What it happened to; `nil` for none.
  public let subject: String?

  /// When it happened; `nil` when the publisher did not say.
  public let time: UnixTime?

  /// The media type of ``data``; `nil` when the publisher did not say.
  public let contentType: String?

  /// A URI of the schema that ``data`` follows; `nil` for none.
  public let dataSchema: String?

  /// The payload; `nil` for an event without one, which is not the same as no bytes.
  public let data: [UInt8]?

  /// The extension attributes by name; see ``subscript(_:)``.
  public internal(set) var extensions: [String: ExtensionValue]

  /// The names of the attributes that are no extensions.
  static let attributeNames = [
    "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema",
  ]

  /// Creates an event.
  ///
  /// - Parameters:
  ///   - id: Not empty.
  ///   - source: Not empty.
  ///   - type: Not empty.
  ///   - subject: Not empty. Default: none.
  ///   - time: When it happened. Default: not said.
  ///   - contentType: The media type of the data. Default: not said.
  ///   - dataSchema: Default: none.
  ///   - extensions: By names of lower-case letters and digits. Default: none.
  ///   - data: The payload. Default: none.
  /// - Throws: ``InvalidEvent`` for an empty text, a control character or noncharacter, an illegal name.
  public init(
    id: String, source: String, type: String, subject: String? = nil, time: UnixTime? = nil,
    contentType: String? = nil, dataSchema: String? = nil, extensions: [String: ExtensionValue] = [:],
    data: [UInt8]? = nil
  ) throws(InvalidEvent) {
    try InvalidEvent.require(id, in: "id")
    try InvalidEvent.require(source, in: "source")
    try InvalidEvent.require(type, in: "type")
    if let subject { try InvalidEvent.require(subject, in: "subject") }
    if let contentType { try InvalidEvent.require(contentType, in: "datacontenttype") }
    if let dataSchema { try InvalidEvent.require(dataSchema, in: "dataschema") }
    for (name, value) in extensions { try Self.require(name, value) }
    self.id = id
    self.source = source
    self.type = type
    self.subject = subject
    self.time = time
    self.contentType = contentType
    self.dataSchema = dataSchema
    self.extensions = extensions
    self.data = data
  }

  /// An extension attribute; `nil` for one that is not there.
  public subscript(name: String) -> ExtensionValue? { extensions[name] }

  /// Sets or, with `nil`, removes an extension attribute.
  ///
  /// - Throws: ``InvalidEvent`` for a name or a text that is not allowed; the event is as before.
  public mutating func setExtension(_ name: String, to value: ExtensionValue?) throws(InvalidEvent) {
    if let value { try Self.require(name, value) }
    extensions[name] = value
  }

  /// What events are spread over partitions by: the extension attribute `partitionkey`, else the subject.
  public var partitionKey: String? { extensions["partitionkey"]?.description ?? subject }

  /// Before when no group gets it: the extension attribute `notbefore`, a time as RFC 3339 has it. `nil` for
  /// an event that is delivered as soon as it is published, and for an attribute that is no time.
  ///
  /// Whoever delivers the event removes the attribute when its time has come.
  public var notBefore: UnixTime? {
    get {
      extensions.isEmpty
        ? nil : extensions[OwnExtensions.notBefore].flatMap { UnixTime(rfc3339: $0.description) }
    }
    set { extensions[OwnExtensions.notBefore] = newValue.map { .string("\($0)") } }
  }

  /// The same event without a time before which it is not delivered, if that has come.
  func released(at now: @autoclosure () -> UnixTime) -> EncodedEvent {
    guard let due = notBefore, due <= now() else { return self }
    return withoutNotBefore
  }

  var withoutNotBefore: EncodedEvent {
    var event = self
    event.notBefore = nil
    return event
  }

  private static func require(_ name: String, _ value: ExtensionValue) throws(InvalidEvent) {
    try InvalidEvent.require(extensionName: name)
    if case .string(let text) = value, !PlainText.isPrintableASCII(text) {
      try InvalidEvent.requireSlowly(text, in: name)
    }
  }
}

extension EncodedEvent: CustomStringConvertible {
  /// Type, id and subject: `order_created 0h3c… of customer 17850`.
  public var description: String {
    SafeText.escaped("\(type) \(id)" + (subject.map { " of \($0)" } ?? ""))
  }
}
