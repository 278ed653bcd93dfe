public import HTTPTypes
public import Resilience

extension FieldAccess<HTTPFields> {
  /// The fields of swift-http-types.
  public static let http = FieldAccess(
    forEachValue: { fields, name, body in
      if let name = HTTPField.Name(known: name) { fields[values: name].forEach(body) }
    },
    set: { fields, name, value in if let name = HTTPField.Name(known: name) { fields[name] = value } },
    remove: { fields, name in if let name = HTTPField.Name(known: name) { fields[name] = nil } })
}

extension HTTPField.Name {
  /// Those that every request has are not parsed each time.
  init?(known name: String) {
    switch name {
    case "traceparent": self = .traceparent
    case "tracestate": self = .tracestate
    case "x-envoy-expected-rq-timeout-ms": self = .envoyTimeout
    default: self.init(name)
    }
  }
}
