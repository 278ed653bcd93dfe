/// A page in Prometheus' text format, read line by line. What is no sample is counted, and nothing traps.
struct MetricsText: Sendable {
  struct Sample: Equatable, Sendable {
    var name: String
    var labels: [String: String]
    var value: Double
  }

  /// A page has no more than these: what follows is counted as bad.
  static let maxSamples = 20_000

  private(set) var samples: [Sample] = []
  /// Lines that are neither a sample nor a comment, and samples beyond the bound.
  private(set) var badLines = 0
  private var places: [String: [Int]] = [:]

  init(_ text: String) {
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
      var line = line
      while let last = line.last, last == UInt8(ascii: "\r") || last == UInt8(ascii: " ") {
        line.removeLast()
      }
      guard let first = line.first, first != UInt8(ascii: "#") else { continue }
      guard samples.count < Self.maxSamples, let sample = Self.sample(line) else {
        badLines += 1
        continue
      }
      places[sample.name, default: []].append(samples.count)
      samples.append(sample)
    }
  }

  /// The samples of a name, in the order of the page.
  subscript(name: String) -> [Sample] { (places[name] ?? []).map { samples[$0] } }

  /// The sum of a name's samples that have these labels; `nil` when there is none.
  func sum(_ name: String, where labels: [String: String] = [:]) -> Double? {
    let found = self[name].filter { sample in labels.allSatisfy { sample.labels[$0.key] == $0.value } }
    return found.isEmpty ? nil : found.reduce(0) { $0 + $1.value }
  }

  // MARK: - A line

  private typealias Line = Substring.UTF8View

  private static func sample(_ line: Line) -> Sample? {
    var rest = line
    guard let name = takeName(&rest, allowsColon: true) else { return nil }
    var labels: [String: String] = [:]
    if rest.first == UInt8(ascii: "{") {
      guard let taken = takeLabels(&rest) else { return nil }
      labels = taken
    }
    guard let value = takeValue(&rest) else { return nil }
    return Sample(name: name, labels: labels, value: value)
  }

  private static func takeName(_ rest: inout Line, allowsColon: Bool) -> String? {
    let name = rest.prefix { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      case UInt8(ascii: ":"): allowsColon
      default: false
      }
    }
    guard let first = name.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return nil }
    rest = rest.dropFirst(name.count)
    return String(Substring(name))
  }

  /// From `{` to `}`.
  private static func takeLabels(_ rest: inout Line) -> [String: String]? {
    var labels: [String: String] = [:]
    rest.removeFirst()
    while true {
      skipBlanks(&rest)
      if take(UInt8(ascii: "}"), &rest) { return labels }
      guard let name = takeName(&rest, allowsColon: false) else { return nil }
      skipBlanks(&rest)
      guard take(UInt8(ascii: "="), &rest) else { return nil }
      skipBlanks(&rest)
      guard let value = takeText(&rest) else { return nil }
      labels[name] = value
      skipBlanks(&rest)
      // The last one may have a comma, too.
      if !take(UInt8(ascii: ","), &rest), rest.first != UInt8(ascii: "}") { return nil }
    }
  }

  /// Between quotes, with `\\`, `\"` and `\n`.
  private static func takeText(_ rest: inout Line) -> String? {
    guard take(UInt8(ascii: "\""), &rest) else { return nil }
    var bytes: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let escaped = rest.popFirst() else { return nil }
        switch escaped {
        case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
        case UInt8(ascii: "\\"), UInt8(ascii: "\""): bytes.append(escaped)
        default: bytes += [byte, escaped]
        }
      default: bytes.append(byte)
      }
    }
    return nil
  }

  /// A number, and perhaps an instant behind it, which is not kept.
  private static func takeValue(_ rest: inout Line) -> Double? {
    let parts = Substring(rest).split(separator: " ", omittingEmptySubsequences: true)
    guard rest.first == UInt8(ascii: " "), (1...2).contains(parts.count), let value = Double(parts[0]) else {
      return nil
    }
    if parts.count == 2, Int64(parts[1]) == nil { return nil }
    return value
  }

  private static func take(_ byte: UInt8, _ rest: inout Line) -> Bool {
    guard rest.first == byte else { return false }
    rest.removeFirst()
    return true
  }

  private static func skipBlanks(_ rest: inout Line) {
    while take(UInt8(ascii: " "), &rest) {}
  }
}
