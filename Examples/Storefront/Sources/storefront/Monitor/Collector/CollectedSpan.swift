import Resilience

/// A span that somebody has sent, with what is too long cut off.
struct CollectedSpan: Hashable, Sendable {
  struct Attribute: Hashable, Sendable {
    var key: String
    var value: String
  }

  struct Event: Hashable, Sendable {
    /// Since 1970.
    var nanoseconds: UInt64
    var name: String
    var attributes: [Attribute]
  }

  struct Link: Hashable, Sendable {
    var trace: TraceID
    var span: UInt64
  }

  var trace: TraceID
  var id: UInt64
  /// 0 for the first span of a trace.
  var parent: UInt64
  var service: String
  var name: String
  /// `nil` for one that is not said.
  var kind: SpanRecord.Kind?
  /// Since 1970.
  var start: UInt64
  /// Since 1970; not before the start.
  var end: UInt64
  var attributes: [Attribute]
  var events: [Event]
  var links: [Link]
  /// Why it failed, which may be empty; `nil` for one that did not.
  var error: String?

  var nanoseconds: UInt64 { end - start }

  /// About how many bytes it takes.
  var cost: Int {
    func cost(_ attributes: [Attribute]) -> Int {
      attributes.reduce(0) { $0 + 64 + $1.key.utf8.count + $1.value.utf8.count }
    }
    return 400 + service.utf8.count + name.utf8.count + (error?.utf8.count ?? 0) + cost(attributes)
      + events.reduce(0) { $0 + 80 + $1.name.utf8.count + cost($1.attributes) } + links.count * 24
  }

  /// What is kept of a span: texts of so many bytes, and so many of each list.
  static let maxNameBytes = 256
  static let maxValueBytes = 1024
  static let maxListCount = 64
}

extension String {
  /// The first bytes of a text, with "…" in the place of the rest.
  func clipped(to bytes: Int) -> String {
    guard utf8.count > bytes else { return self }
    var end = utf8.index(utf8.startIndex, offsetBy: bytes)
    // Not within a character.
    while end > startIndex, end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
    return self[..<end] + "…"
  }
}

extension UInt64 {
  /// 16 digits, as ids of spans are written.
  var hexadecimal: String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
