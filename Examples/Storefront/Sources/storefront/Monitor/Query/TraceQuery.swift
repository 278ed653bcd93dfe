import Hummingbird

/// Which traces are asked for: those of which one span is all that is said here.
struct TraceQuery: Equatable, Sendable {
  enum Order: String, Sendable {
    case newest, slowest
  }

  /// A parameter that means nothing.
  struct Refused: Error, Equatable {
    var parameter: String
    var reason: String
  }

  static let limits = 1...200

  var service: String?
  var name: String?
  /// `true` for spans that failed, `false` for those that did not.
  var isError: Bool?
  /// A part of the value of an attribute, of the span or of one of its events: such as the number of an
  /// order.
  var text: String?
  var minNanoseconds: UInt64 = 0
  var order = Order.newest
  var limit = 50

  /// - Throws: ``Refused``.
  init(_ parameters: [(name: String, value: String)] = []) throws {
    for (name, value) in parameters where !value.isEmpty {
      switch name {
      case "service": service = value
      case "name": self.name = value
      case "text": text = value
      case "status":
        guard ["error", "ok"].contains(value) else {
          throw Refused(
            parameter: name, reason: "it is \"error\" or \"ok\", not \"\(value.clipped(to: 60))\"")
        }
        isError = value == "error"
      case "minDuration": minNanoseconds = try Self.nanoseconds(value)
      case "sort":
        guard let order = Order(rawValue: value) else {
          throw Refused(
            parameter: name, reason: "it is \"newest\" or \"slowest\", not \"\(value.clipped(to: 60))\"")
        }
        self.order = order
      case "limit":
        guard let limit = Int(value), Self.limits.contains(limit) else {
          throw Refused(parameter: name, reason: "it is from 1 to 200, not \"\(value.clipped(to: 60))\"")
        }
        self.limit = limit
      default: throw Refused(parameter: name.clipped(to: 60), reason: "there is no such parameter")
      }
    }
  }

  /// `50ms`, `1.5s`, `200us`, `10ns`; a number alone is milliseconds.
  private static func nanoseconds(_ text: String) throws -> UInt64 {
    let units: [(String, Double)] = [
      ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("", 1e6),
    ]
    let (unit, factor) = units.first { text.hasSuffix($0.0) } ?? ("", 1e6)
    let digits = text.dropLast(unit.count)
    guard digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let number = Double(digits),
      let nanoseconds = UInt64(exactly: (number * factor).rounded())
    else {
      throw Refused(
        parameter: "minDuration",
        reason: "a time such as 50ms, 200us or 1.5s is needed, not \"\(text.clipped(to: 60))\"")
    }
    return nanoseconds
  }

  func matches(_ span: CollectedSpan) -> Bool {
    if let service, span.service != service { return false }
    if let name, span.name != name { return false }
    if let isError, (span.error != nil) != isError { return false }
    guard span.nanoseconds >= minNanoseconds else { return false }
    guard let text else { return true }
    return ([span.attributes] + span.events.map(\.attributes)).joined().contains { $0.value.contains(text) }
  }

  /// Those that are asked for, in order, up to the limit.
  func found(in newest: [CollectedTrace]) -> [FoundTrace] {
    var found: [FoundTrace] = []
    for trace in newest {
      if isError == true, trace.failures == 0 { continue }
      if trace.longest < minNanoseconds { continue }
      let matching = trace.spans.filter(matches)
      guard let slowest = matching.max(by: { $0.nanoseconds < $1.nanoseconds }) else { continue }
      found.append(FoundTrace(trace: trace, slowest: slowest))
      if order == .newest, found.count == limit { break }
    }
    if order == .slowest { found.sort { $0.slowest.nanoseconds > $1.slowest.nanoseconds } }
    return Array(found.prefix(limit))
  }
}

/// A trace that was asked for.
struct FoundTrace: Sendable {
  var trace: CollectedTrace
  /// Of the spans that are what was asked for the one that took longest.
  var slowest: CollectedSpan
}
