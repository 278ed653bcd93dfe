internal import ResilienceCore

/// Puts spans together as they end, with what was noted while they ran.
///
/// Notes of spans that have not ended, or never will, are kept in two generations: when the younger is full,
/// the older is dropped and counted. Deliveries are remembered in the same way.
struct ReportAssembly {
  private let limits: SpanLimits
  private let generationSize: Int
  private var young: [UInt64: [SpanNote]] = [:]
  private var old: [UInt64: [SpanNote]] = [:]
  private var youngCount = 0
  private var oldCount = 0
  private var youngDeliveries: [Delivery: TraceIDs] = [:]
  private var oldDeliveries: [Delivery: TraceIDs] = [:]

  /// Notes whose span did not end in time, or had ended before.
  private(set) var droppedNotes = 0

  init(_ policy: ReportPolicy) {
    limits = policy.limits
    generationSize = max(1, policy.maxQueued / 2)
  }

  /// The span if `entry` completes one.
  mutating func add(_ entry: ReportQueue.Entry) -> SpanRecord? {
    switch entry {
    case .note(let note):
      keep(note)
      return nil
    case .span(let span):
      return complete(span)
    }
  }

  private mutating func keep(_ note: SpanNote) {
    if youngCount >= generationSize {
      droppedNotes += oldCount
      (old, oldCount) = (young, youngCount)
      (young, youngCount) = ([:], 0)
    }
    young[note.span.span, default: []].append(note)
    youngCount += 1
  }

  private mutating func complete(_ span: SpanRecord) -> SpanRecord {
    let late = young.removeValue(forKey: span.ids.span) ?? []
    let early = old.removeValue(forKey: span.ids.span) ?? []
    youngCount -= late.count
    oldCount -= early.count
    let notes = early + late
    var span = span
    var earlier: TraceIDs?
    if span.role == .delivery, span.name.isEmpty, let delivery = Delivery(notes) {
      span.name = delivery.group
      earlier = remember(span.ids, delivery)
    }
    // An attempt's call ends later, so its name is not known.
    if span.role != .call, span.name.isEmpty { span.name = "\(span.role)" }
    return SpanAssembly.complete(span, notes, limits: limits, earlierDelivery: earlier)
  }

  private mutating func remember(_ span: TraceIDs, _ delivery: Delivery) -> TraceIDs? {
    let earlier = youngDeliveries[delivery] ?? oldDeliveries[delivery]
    if youngDeliveries.count >= generationSize {
      (oldDeliveries, youngDeliveries) = (youngDeliveries, [:])
    }
    youngDeliveries[delivery] = span
    return earlier
  }
}
