public import ResilienceCore

/// Something a bulkhead decided, other than letting a call in at once.
public struct BulkheadEvent: ResilienceEvent, Hashable {
  /// What was decided.
  public enum Kind: Sendable, Hashable {
    /// The call did not go in, and did not wait; without a reason when no such weight is ever let in.
    case rejected(BulkheadFull.Reason?)

    /// The call waits.
    case queued(weight: Int, priority: Int)

    /// The call has waited, and is inside.
    case entered(waited: Duration)

    /// The call has waited, and was not let in; without a reason when it was cancelled.
    case gaveUp(BulkheadFull.Reason?, waited: Duration)

    /// Another limit holds: it was updated, or learned. Probing is no change.
    case limitChanged(from: Int, to: Int)
  }

  /// The bulkhead's name.
  public let bulkhead: String

  /// What was decided.
  public let kind: Kind

  /// Creates an event.
  public init(bulkhead: String, kind: Kind) {
    self.bulkhead = bulkhead
    self.kind = kind
  }

  /// `bulkhead.` and the kind, such as `bulkhead.rejected`.
  public var name: String {
    switch kind {
    case .rejected: "bulkhead.rejected"
    case .queued: "bulkhead.queued"
    case .entered: "bulkhead.entered"
    case .gaveUp: "bulkhead.gave_up"
    case .limitChanged: "bulkhead.limit_changed"
    }
  }

  /// The bulkhead's name, then what the kind adds.
  public var attributes: [EventAttribute] {
    let facts: [EventAttribute] =
      switch kind {
      case .rejected(let reason): [because(reason?.rawValue ?? "weight")]
      case .queued(let weight, let priority):
        [
          EventAttribute("weight", .integer(Int64(weight))),
          EventAttribute("priority", .integer(Int64(priority))),
        ]
      case .entered(let waited): [wait(waited)]
      case .gaveUp(let reason, let waited): [because(reason?.rawValue ?? "cancelled"), wait(waited)]
      case .limitChanged(let old, let new):
        [EventAttribute("from", .integer(Int64(old))), EventAttribute("to", .integer(Int64(new)))]
      }
    return [EventAttribute("bulkhead", .string(bulkhead))] + facts
  }

  private func because(_ reason: String) -> EventAttribute { EventAttribute("reason", .string(reason)) }

  private func wait(_ duration: Duration) -> EventAttribute {
    .seconds("waited", duration)
  }
}
