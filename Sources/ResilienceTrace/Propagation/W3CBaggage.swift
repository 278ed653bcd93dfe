/// W3C Baggage: names and values that services tell those downstream, such as the tenant or an experiment.
///
/// ```swift
/// var entries = TraceBaggage.current.entries
/// entries.set("gold", forKey: "tier")
/// ```
///
/// It is kept as the text that is passed on, with everything that is not valid left out; members are decoded
/// when they are asked for. (`Baggage` is a name of swift-service-context.)
public struct W3CBaggage: Sendable, Hashable {
  // One reference, so that a `TraceBaggage` is bound without an allocation.
  private final class Storage: Sendable {
    let texts: [String]
    init(_ texts: [String]) { self.texts = texts }
  }

  private let storage: Storage?

  /// Creates an empty baggage.
  public init() {
    storage = nil
  }

  /// Reads the values of all `baggage` headers of one request, in order.
  ///
  /// Total: a member that is not valid is left out, the others stay.
  ///
  /// - Parameters:
  ///   - headers: The values.
  ///   - maxMembers: The most members that are kept, of all headers together, from the left. Default: 180.
  ///   - maxBytes: The most bytes that the kept members have together, with the commas between them; a member
  ///     that exceeds it is left out with all that follow. Default: 8192.
  public init(headers: [String], maxMembers: Int = 180, maxBytes: Int = 8192) {
    let texts = headers.lazy.flatMap { BaggageGrammar.members(of: $0) }
    self.init(texts: Self.limit(texts, maxMembers, maxBytes))
  }

  private init(texts: [String]) {
    storage = texts.isEmpty ? nil : Storage(texts)
  }

  private var texts: [String] { storage?.texts ?? [] }

  /// Whether there are no members.
  public var isEmpty: Bool { storage == nil }

  /// The header's value; empty when there are no members.
  public var header: String { texts.joined(separator: ",") }

  /// The baggage without the members that exceed a limit, from the right; never a part of a member.
  public func limited(toMembers maxMembers: Int, bytes maxBytes: Int) -> W3CBaggage {
    W3CBaggage(texts: Self.limit(texts, maxMembers, maxBytes))
  }

  private static func limit(_ texts: some Sequence<String>, _ maxMembers: Int, _ maxBytes: Int) -> [String] {
    var kept: [String] = []
    var bytes = -1
    for text in texts {
      bytes += text.utf8.count + 1
      guard kept.count < maxMembers, bytes <= maxBytes else { break }
      kept.append(text)
    }
    return kept
  }

  /// Whether both have the same members in the same order.
  public static func == (lhs: W3CBaggage, rhs: W3CBaggage) -> Bool {
    lhs.storage === rhs.storage || lhs.texts == rhs.texts
  }

  /// Hashes the members.
  public func hash(into hasher: inout Hasher) { hasher.combine(texts) }
}

// MARK: - Members

extension W3CBaggage {
  /// The members in order, decoded. A key may occur more than once.
  public var members: [Member] { texts.map { BaggageGrammar.member($0) } }

  /// The value of `key`, decoded; of several the last, as the libraries of OpenTelemetry read it.
  public subscript(_ key: String) -> String? {
    members.last { $0.key == key }?.value
  }

  /// Sets the value of `key`, in place of all members of that key; a new one is put at the end.
  ///
  /// - Parameters:
  ///   - value: Any text; it is percent-encoded.
  ///   - key: A token as of HTTP: printable ASCII without blanks and separators.
  ///   - properties: What is said about the value. Default: nothing.
  /// - Returns: `false`, with nothing changed, if the key or one of a property is not valid.
  @discardableResult
  public mutating func set(_ value: String, forKey key: String, properties: [Property] = []) -> Bool {
    guard let text = BaggageGrammar.text(Member(key: key, value: value, properties: properties)) else {
      return false
    }
    var texts = texts.filter { BaggageGrammar.member($0).key != key }
    texts.append(text)
    self = W3CBaggage(texts: texts)
    return true
  }

  /// Removes all members of `key`.
  public mutating func remove(_ key: String) {
    self = W3CBaggage(texts: texts.filter { BaggageGrammar.member($0).key != key })
  }
}

extension W3CBaggage: CustomStringConvertible {
  /// The header's value.
  public var description: String { header }
}
