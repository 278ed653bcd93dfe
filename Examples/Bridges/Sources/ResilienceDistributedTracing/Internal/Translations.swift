internal import ResilienceCore
internal import ResilienceTrace
internal import Tracing

extension SpanRecord.Kind {
  init(_ kind: SpanKind) {
    switch kind {
    case .server: self = .server
    case .client: self = .client
    case .producer: self = .producer
    case .consumer: self = .consumer
    case .internal: self = .internal
    }
  }
}

extension SpanAttributes {
  /// By name, since a dictionary's order is another in each process. A list is written as a text.
  var eventAttributes: [EventAttribute] {
    var attributes: [EventAttribute] = []
    forEach { name, value in attributes.append(EventAttribute(name, EventAttribute.Value(value))) }
    return attributes.sorted { $0.name < $1.name }
  }
}

extension EventAttribute.Value {
  fileprivate init(_ value: SpanAttribute) {
    switch value {
    case .int32(let value): self = .integer(Int64(value))
    case .int64(let value): self = .integer(value)
    case .double(let value): self = .number(value)
    case .bool(let value): self = .boolean(value)
    case .string(let value): self = .string(value)
    case .stringConvertible(let value): self = .string("\(value)")
    case .int32Array(let values): self = .string("\(values)")
    case .int64Array(let values): self = .string("\(values)")
    case .doubleArray(let values): self = .string("\(values)")
    case .boolArray(let values): self = .string("\(values)")
    case .stringArray(let values): self = .string("\(values)")
    case .stringConvertibleArray(let values): self = .string("\(values.map { "\($0)" })")
    default: self = .string("")
    }
  }
}

extension CallContext {
  /// An instant of the wall clock on the call's clock. What is within a millisecond of now is now: that is
  /// what passes between two readings of clocks.
  func instant(of start: some TracerInstant) -> Instant? {
    let now = Int64(clamping: start.nanosecondsSinceEpoch)
    let (age, overflow) = clock.unixTime.nanoseconds.subtractingReportingOverflow(now)
    guard !overflow, age > 1_000_000 else { return nil }
    return readClock().advanced(by: .nanoseconds(-age))
  }
}
