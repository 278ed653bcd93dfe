import Foundation
import Resilience

/// An `ExportTraceServiceRequest` of OTLP/JSON, as our exporter and those of OpenTelemetry write it.
struct OTLPDocument {
  /// A document that cannot be read.
  struct Unreadable: Error, CustomStringConvertible {
    /// Where, such as `resourceSpans[0].scopeSpans[0].spans[2].traceId`; empty for the whole.
    var field: String
    var reason: String
    var description: String { field.isEmpty ? reason : "\(field): \(reason)" }
  }

  /// In the order of the document.
  let spans: [CollectedSpan]

  /// - Throws: ``Unreadable``.
  init(_ document: Data) throws {
    do {
      spans = try JSONDecoder().decode(Request.self, from: document).spans
    } catch let error as DecodingError {
      throw Unreadable(error)
    }
  }
}

extension OTLPDocument.Unreadable {
  fileprivate init(_ error: DecodingError) {
    switch error {
    case .keyNotFound(let key, let context):
      self.init(field: Self.path(context.codingPath + [key]), reason: "it is missing")
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      let reason =
        context.codingPath.isEmpty ? "this is no trace request in JSON" : context.debugDescription
      self.init(field: Self.path(context.codingPath), reason: reason.clipped(to: 300))
    @unknown default:
      self.init(field: "", reason: "this is no trace request in JSON")
    }
  }

  private static func path(_ keys: [any CodingKey]) -> String {
    keys.reduce(into: "") { path, key in
      if let index = key.intValue {
        path += "[\(index)]"
      } else {
        path += (path.isEmpty ? "" : ".") + key.stringValue
      }
    }
  }
}

// MARK: - The shape of the document; what is not here is not kept

private struct Request: Decodable {
  var resourceSpans: [ResourceSpans]?

  var spans: [CollectedSpan] {
    (resourceSpans ?? []).flatMap { resource in
      (resource.scopeSpans ?? []).flatMap { scope in
        (scope.spans ?? []).map { $0.collected(of: resource.service) }
      }
    }
  }
}

private struct ResourceSpans: Decodable {
  struct Resource: Decodable { var attributes: [OTLPAttribute]? }
  struct ScopeSpans: Decodable { var spans: [Span]? }

  var resource: Resource?
  var scopeSpans: [ScopeSpans]?

  var service: String {
    let name = resource?.attributes?.first { $0.key == "service.name" }?.value?.text ?? ""
    return name.isEmpty ? "unknown_service" : name.clipped(to: CollectedSpan.maxNameBytes)
  }
}

private struct Span: Decodable {
  struct Event: Decodable {
    var timeUnixNano: OTLPInteger<UInt64>?
    var name: String?
    var attributes: [OTLPAttribute]?
  }

  struct Link: Decodable {
    var traceId: OTLPTraceID
    var spanId: OTLPSpanID
  }

  struct Status: Decodable {
    var code: OTLPInteger<Int>?
    var message: String?
  }

  var traceId: OTLPTraceID
  var spanId: RequiredSpanID
  var parentSpanId: OTLPSpanID?
  var name: String?
  var kind: OTLPInteger<Int>?
  var startTimeUnixNano: OTLPInteger<UInt64>
  var endTimeUnixNano: OTLPInteger<UInt64>
  var attributes: [OTLPAttribute]?
  var events: [Event]?
  var links: [Link]?
  var status: Status?

  func collected(of service: String) -> CollectedSpan {
    let start = startTimeUnixNano.value
    return CollectedSpan(
      trace: traceId.value, id: spanId.value, parent: parentSpanId?.value ?? 0, service: service,
      name: (name ?? "").clipped(to: CollectedSpan.maxNameBytes),
      kind: kind.flatMap { UInt8(exactly: $0.value) }.flatMap { SpanRecord.Kind(rawValue: $0) },
      // A clock that was set back makes no span that ends before it began.
      start: start, end: max(start, endTimeUnixNano.value), attributes: Self.collected(attributes),
      events: (events ?? []).prefix(CollectedSpan.maxListCount).map { event in
        CollectedSpan.Event(
          nanoseconds: event.timeUnixNano?.value ?? start,
          name: (event.name ?? "").clipped(to: CollectedSpan.maxNameBytes),
          attributes: Self.collected(event.attributes))
      },
      links: (links ?? []).prefix(CollectedSpan.maxListCount).map {
        CollectedSpan.Link(trace: $0.traceId.value, span: $0.spanId.value)
      },
      error: status?.code?.value == 2 ? (status?.message ?? "").clipped(to: CollectedSpan.maxValueBytes) : nil
    )
  }

  private static func collected(_ attributes: [OTLPAttribute]?) -> [CollectedSpan.Attribute] {
    (attributes ?? []).prefix(CollectedSpan.maxListCount).map {
      CollectedSpan.Attribute(
        key: $0.key.clipped(to: CollectedSpan.maxNameBytes), value: $0.value?.text ?? "")
    }
  }
}

/// The id of a span that there must be.
private struct RequiredSpanID: Decodable {
  var value: UInt64

  init(from decoder: any Decoder) throws {
    value = try OTLPSpanID(from: decoder).value
    guard value != 0 else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath,
          debugDescription: "16 hexadecimal digits that are not all zero are needed"))
    }
  }
}
