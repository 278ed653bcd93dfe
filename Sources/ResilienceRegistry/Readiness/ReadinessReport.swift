internal import ResilienceCore

/// What the checks of a process say together, for a probe endpoint.
public struct ReadinessReport: Sendable, Hashable {
  /// What a check, or all of them, come to.
  public enum Status: String, Sendable, Hashable {
    /// All is well.
    case pass
    /// Something that is not critical is not well: the process works, with less.
    case warn
    /// Something critical is not well.
    case fail
  }

  /// What one check says.
  public struct Entry: Sendable, Hashable {
    /// The check's name.
    public let name: String
    /// Whether the whole fails with it.
    public let isCritical: Bool
    /// Why it failed; `nil` when it passed.
    public let failure: String?
    /// How old the answer is.
    public let age: Duration

    /// Whether it passed.
    public var passed: Bool { failure == nil }
  }

  /// What the checks say, in the order in which they were given.
  public let entries: [Entry]

  /// Whether the process is on its way out, and so not ready whatever the checks say.
  public let isDraining: Bool

  /// What it comes to.
  public var status: Status {
    if isDraining || entries.contains(where: { !$0.passed && $0.isCritical }) { return .fail }
    return entries.allSatisfy(\.passed) ? .pass : .warn
  }

  /// Whether the endpoint should answer with success: a warning is one. For HTTP that is 200, and 503 if not.
  public var isPassing: Bool { status != .fail }
}

// MARK: - Text

extension ReadinessReport {
  /// The report as JSON in the form of `application/health+json` (draft-inadarei-api-health-check-06).
  ///
  /// `{"status":"warn","checks":{"cache":[{"status":"fail","critical":false,"ageMilliseconds":12,"output":"…"}]}}`
  ///
  /// - Parameter showsFailures: Whether `output` says why a check failed. An error's text may tell strangers
  ///   what is none of their business, such as addresses. Default: `false`.
  public func json(showsFailures: Bool = false) -> String {
    var names: [String] = []
    for entry in entries where !names.contains(where: { $0.isIdentical(to: entry.name) }) {
      names.append(entry.name)
    }
    let checks = names.map { name in
      let same = entries.filter { $0.name.isIdentical(to: name) }.map { json(of: $0, showsFailures) }
      return "\(Self.quoted(name)):[\(same.joined(separator: ","))]"
    }
    let output = isDraining ? ",\"output\":\"draining\"" : ""
    return "{\"status\":\"\(status.rawValue)\"\(output),\"checks\":{\(checks.joined(separator: ","))}}"
  }

  private func json(of entry: Entry, _ showsFailures: Bool) -> String {
    let milliseconds = entry.age / .milliseconds(1)
    let output = entry.failure.flatMap { showsFailures ? ",\"output\":\(Self.quoted($0))" : nil } ?? ""
    return "{\"status\":\"\(entry.passed ? "pass" : "fail")\",\"critical\":\(entry.isCritical),"
      + "\"ageMilliseconds\":\(Int64(min(milliseconds, 9e15)))\(output)}"
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case "\u{0}"..<"\u{20}", "\u{7F}":
        quoted += "\\u" + String(scalar.value + 0x10000, radix: 16).dropFirst()
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
