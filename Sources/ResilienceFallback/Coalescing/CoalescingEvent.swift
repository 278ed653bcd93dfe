public import ResilienceCore

/// What happened to a shared execution. A caller that is alone causes none.
public enum CoalescingEvent: ResilienceEvent, Hashable {
  /// This caller of `call` waits for an execution that another caller began, in the span `leader`; without a
  /// trace there are no ids.
  case joined(call: String, leader: TraceIDs)

  /// The last caller that waited for an execution of `call` has left, and it was cancelled.
  case deserted(call: String)

  /// `coalescing.joined` or `coalescing.deserted`.
  public var name: String {
    switch self {
    case .joined: "coalescing.joined"
    case .deserted: "coalescing.deserted"
    }
  }

  /// The facts.
  public var attributes: [EventAttribute] {
    switch self {
    case .joined(let call, let leader) where leader.isPresent:
      [
        EventAttribute("call", .string(call)),
        EventAttribute(
          "leader_trace", .string(Self.hexadecimal(leader.traceHigh) + Self.hexadecimal(leader.traceLow))),
        EventAttribute("leader_span", .string(Self.hexadecimal(leader.span))),
      ]
    case .joined(let call, _), .deserted(let call):
      [EventAttribute("call", .string(call))]
    }
  }

  private static func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
