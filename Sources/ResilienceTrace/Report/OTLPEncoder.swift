public import ResilienceCore

/// Writes spans as OTLP/JSON, the form in which OpenTelemetry's collectors take traces: an
/// `ExportTraceServiceRequest`.
///
/// Ids are hexadecimal, 64-bit integers are strings, enumerations are numbers, as the specification says.
public struct OTLPEncoder: Sendable {
  /// What is known of the process, beside the `service.name`, which is each span's.
  public var resource: [EventAttribute]

  /// Creates an encoder.
  ///
  /// - Parameter resource: What is known of the process, such as `service.version`. Default: nothing.
  public init(resource: [EventAttribute] = []) {
    self.resource = resource
  }

  /// The batch as one JSON document, in UTF-8, without line breaks.
  public func encode(_ batch: SpanBatch) -> [UInt8] {
    var json = JSONWriter()
    // In the order in which the services occur first.
    var services: [String] = []
    var spansOfService: [String: [SpanRecord]] = [:]
    for span in batch.spans {
      if spansOfService[span.service] == nil { services.append(span.service) }
      spansOfService[span.service, default: []].append(span)
    }
    json.object { json in
      json.key("resourceSpans")
      json.array { json in
        for service in services { write(service, spansOfService[service] ?? [], batch, &json) }
      }
    }
    return json.bytes
  }

  private func write(_ service: String, _ spans: [SpanRecord], _ batch: SpanBatch, _ json: inout JSONWriter) {
    json.object { json in
      json.key("resource")
      json.object { json in
        let name = service.isEmpty ? "unknown_service" : service
        Self.write([EventAttribute("service.name", .string(name))] + resource, &json)
      }
      json.key("scopeSpans")
      json.array { json in
        json.object { json in
          json.key("scope")
          json.object { json in
            json.key("name")
            json.string("swift-resilience")
          }
          json.key("spans")
          json.array { json in
            for span in spans { Self.write(span, batch, &json) }
          }
        }
      }
    }
  }

  private static func write(_ span: SpanRecord, _ batch: SpanBatch, _ json: inout JSONWriter) {
    json.object { json in
      write(span.ids, &json)
      if span.parent != 0 {
        json.key("parentSpanId")
        json.string(span.parent.hexadecimal)
      }
      if !span.traceState.isEmpty {
        json.key("traceState")
        json.string(span.traceState)
      }
      json.key("flags")
      json.number(Int(span.ids.flags & 3))
      json.key("name")
      json.string(span.name)
      json.key("kind")
      json.number(Int(span.kind.rawValue))
      json.key("startTimeUnixNano")
      write(batch.unixTime(of: span.start), &json)
      json.key("endTimeUnixNano")
      write(batch.unixTime(of: span.end), &json)
      write(span.attributes, &json)
      write(span.droppedAttributes, "droppedAttributesCount", &json)
      writeEvents(span, batch, &json)
      writeLinks(span, &json)
      write(span.status, &json)
    }
  }

  private static func writeEvents(_ span: SpanRecord, _ batch: SpanBatch, _ json: inout JSONWriter) {
    guard !span.events.isEmpty || span.droppedEvents > 0 else { return }
    json.key("events")
    json.array { json in
      for event in span.events {
        json.object { json in
          json.key("timeUnixNano")
          write(batch.unixTime(of: event.instant), &json)
          json.key("name")
          json.string(event.event.name)
          write(event.event.attributes, &json)
        }
      }
    }
    write(span.droppedEvents, "droppedEventsCount", &json)
  }

  private static func writeLinks(_ span: SpanRecord, _ json: inout JSONWriter) {
    guard !span.links.isEmpty || span.droppedLinks > 0 else { return }
    json.key("links")
    json.array { json in
      for link in span.links {
        json.object { json in
          write(link.ids, &json)
          write(link.attributes, &json)
        }
      }
    }
    write(span.droppedLinks, "droppedLinksCount", &json)
  }
}

// MARK: - Parts

extension OTLPEncoder {
  private static func write(_ ids: TraceIDs, _ json: inout JSONWriter) {
    json.key("traceId")
    json.string(ids.traceID.description)
    json.key("spanId")
    json.string(ids.span.hexadecimal)
  }

  /// Times are unsigned: before 1970 is 1970.
  private static func write(_ time: UnixTime, _ json: inout JSONWriter) {
    json.string("\(max(0, time.nanoseconds))")
  }

  private static func write(_ count: Int, _ key: StaticString, _ json: inout JSONWriter) {
    guard count > 0 else { return }
    json.key(key)
    json.number(Int(UInt32(clamping: count)))
  }

  private static func write(_ status: SpanRecord.Status, _ json: inout JSONWriter) {
    json.key("status")
    json.object { json in
      switch status {
      case .unset: break
      case .ok:
        json.key("code")
        json.number(1)
      case .error(let message):
        json.key("code")
        json.number(2)
        if !message.isEmpty {
          json.key("message")
          json.string(message)
        }
      }
    }
  }

  private static func write(_ attributes: [EventAttribute], _ json: inout JSONWriter) {
    guard !attributes.isEmpty else { return }
    json.key("attributes")
    json.array { json in
      for attribute in attributes {
        json.object { json in
          json.key("key")
          json.string(attribute.name)
          json.key("value")
          json.object { write(attribute.value, &$0) }
        }
      }
    }
  }

  private static func write(_ value: EventAttribute.Value, _ json: inout JSONWriter) {
    switch value {
    case .string(let text):
      json.key("stringValue")
      json.string(text)
    case .integer(let number):
      json.key("intValue")
      json.string("\(number)")
    case .number(let number):
      json.key("doubleValue")
      json.number(number)
    case .boolean(let truth):
      json.key("boolValue")
      json.boolean(truth)
    }
  }
}
