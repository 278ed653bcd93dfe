internal import ResilienceCore

/// The W3C `tracestate`: what each tracing system on the way wants to find again, as `key=value` members,
/// newest first.
///
/// It is kept as the text that is passed on, validated once: services that only pass it on, which is nearly
/// all of them, copy a reference. Keys and values follow Trace Context Level 2: a key is a lower-case letter
/// or digit, then up to 255 of `a-z 0-9 _ - * / @`; a value is 1 to 256 printable ASCII characters without
/// `,` and `=`, not ending in a blank.
public struct TraceState: Sendable, Hashable {
  /// The most members a list may have; one with more is discarded as a whole.
  public static var maxMembers: Int { 32 }

  /// The header's value: members joined by commas, without blanks around them; empty when there are none.
  public private(set) var header: String

  /// Creates an empty list.
  public init() {
    header = ""
  }

  /// Reads the values of all `tracestate` headers of one request, in order.
  ///
  /// Of several members with one key the first is kept: the list is not discarded for it, since most of it is
  /// other systems'.
  ///
  /// - Parameter headers: The values; empty ones and empty members are skipped.
  /// - Returns: `nil` if anything in any of them is invalid, or there are more than ``maxMembers`` keys: the
  ///   whole list is then discarded, and the traceparent stays as it is.
  public init?(headers: [String]) {
    self.init(headers.count == 1 ? headers[0] : headers.joined(separator: ","))
  }

  /// Reads one `tracestate` value; `nil` if it is invalid.
  public init?(_ text: String) {
    switch TraceStateParser.shape(of: text) {
    case .canonical: header = text
    case .valid: header = TraceStateParser.rewritten(text)
    case .invalid: return nil
    }
  }

  /// The header of a list that is valid, else an empty one.
  @usableFromInline
  static func valid(_ text: __owned String) -> String {
    switch TraceStateParser.shape(of: text) {
    case .canonical: text
    case .valid: TraceStateParser.rewritten(text)
    case .invalid: ""
    }
  }

  /// A header that was read before.
  init(valid header: String) {
    self.header = header
  }

  private init(members: [Substring]) {
    header = members.joined(separator: ",")
  }

  private var texts: [Substring] { header.split(separator: ",") }
}

// MARK: - Members

extension TraceState {
  /// Whether there are no members.
  public var isEmpty: Bool { header.isEmpty }

  /// The members, newest first.
  ///
  /// - Complexity: O(n) in the length of the header, also for ``subscript(_:)``.
  public var members: [(key: String, value: String)] {
    texts.map { text in
      let equals = text.firstIndex(of: "=") ?? text.endIndex
      return (String(text[..<equals]), String(text[equals...].dropFirst()))
    }
  }

  /// The value of `key`.
  public subscript(_ key: String) -> String? {
    members.first { $0.key == key }?.value
  }

  /// Sets the value of `key` and moves it to the front; a 33rd member pushes out the last one.
  ///
  /// - Returns: `false`, with nothing changed, if the key or the value is not valid.
  public mutating func set(_ value: String, forKey key: String) -> Bool {
    let member = "\(key)=\(value)"
    guard let parsed = TraceState(member), parsed.header == member, parsed.texts.count == 1 else {
      return false
    }
    remove(key)
    self = TraceState(members: [member[...]] + texts.prefix(Self.maxMembers - 1))
    return true
  }

  /// Removes the member of `key`, if there is one.
  public mutating func remove(_ key: String) {
    self = TraceState(members: texts.filter { !$0.starts(with: "\(key)=") })
  }

  /// The list cut to at most `length` characters, in whole members: first those of more than 128 characters
  /// are left out, from the right, then the rightmost, as the specification says.
  ///
  /// - Parameter length: At least 512, which the specification asks everybody to pass on.
  public func truncated(toLength length: Int) -> TraceState {
    precondition(length >= 512, "a tracestate must be given at least 512 characters, was \(length)")
    var excess = header.utf8.count - length
    guard excess > 0 else { return self }
    var kept = texts
    for isDroppedFirst in [true, false] {
      for index in kept.indices.reversed() where excess > 0 {
        let size = kept[index].utf8.count
        guard size > 128 || !isDroppedFirst else { continue }
        kept.remove(at: index)
        excess -= size + 1
      }
    }
    return TraceState(members: kept)
  }
}

extension TraceState: CustomStringConvertible {
  /// The header's value.
  public var description: String { header }
}
