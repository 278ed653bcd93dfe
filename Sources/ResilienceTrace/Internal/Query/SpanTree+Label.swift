internal import ResilienceCore

extension SpanTree.Node {
  /// Deeper spans are indented no further, so that a long chain takes no more text for it.
  static let maxIndent = 24

  /// What a line of a waterfall says of the span: `payment: charge attempt 2`, with the attempt it is within
  /// before a dot.
  var label: String {
    var label = isOrphan ? "? " : ""
    if !span.service.isEmpty { label += "\(SafeText.escaped(span.service, length: 60)): " }
    let name = SafeText.escaped(span.name, length: 60)
    switch span.role {
    case .call: label += name
    case .attempt: label += numbered(name, "attempt")
    case .hedge: label += numbered(name, "hedge try")
    case .delivery: label += numbered(name, "delivery")
    }
    return label
  }

  private func numbered(_ name: String, _ word: String) -> String {
    let number =
      outerAttempt > 0 && span.role != .delivery ? "\(outerAttempt).\(span.attempt)" : "\(span.attempt)"
    return name.isEmpty ? "\(word) \(number)" : "\(name) \(word) \(number)"
  }

  /// Two blanks for each level; a depth that is not drawn is written.
  var indent: String {
    guard depth > Self.maxIndent else { return String(repeating: "  ", count: depth) }
    return String(repeating: "  ", count: Self.maxIndent) + "[\(depth)] "
  }

  var mark: String {
    switch span.verdict {
    case .success: "✓"
    case .failure: "✗"
    case .neutral: "–"
    }
  }
}

extension SpanRecord {
  /// What was noted on it, each as one line, in order of time where it has one.
  func notes(_ scale: WaterfallScale) -> [String] {
    // The label says who made an attempt.
    let attributes = attributes.filter { $0.name != Self.makerAttribute }.map { "\($0.name)=\($0.value)" }
    var lines: [String] = attributes.isEmpty ? [] : [attributes.joined(separator: " ")]
    lines += links.map { link in
      let facts = link.attributes.map { " \($0.name)=\($0.value)" }.joined()
      let trace = link.ids.traceID == ids.traceID ? "" : " of trace \(link.ids.traceID)"
      return "→ span \(link.ids.span.hexadecimal)\(trace)\(facts)"
    }
    lines += events.map { event in
      "\(event.event.description) at \(scale.text(scale.start.nanoseconds(to: event.instant))) \(scale.unit)"
    }
    if case .error(let message) = status, !message.isEmpty, error != message {
      lines.append("error: \(message)")
    }
    if case .ok = status { lines.append("status: ok") }
    for (count, what) in [
      (droppedEvents, "events"), (droppedAttributes, "attributes"), (droppedLinks, "links"),
    ] where count > 0 {
      lines.append("\(count) more \(what) were left out")
    }
    return lines.map { SafeText.escaped($0, length: 500) }
  }
}
