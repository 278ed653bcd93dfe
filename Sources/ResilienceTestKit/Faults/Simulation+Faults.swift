internal import ResilienceCore

extension Simulation {
  /// Lets the faults of a plan happen from now on.
  ///
  /// They are timers of the simulation: a fault that is due together with other things happens before or
  /// after them, as the schedule has it. Those that have not begun when the body returns do not happen.
  ///
  /// - Parameter plan: What may happen, and when.
  public func inject(_ plan: FaultPlan) {
    let first = faults.nextNumbers(0)
    let random = SeededRandomSource(seed: SplitMix64.mix(seed ^ 0x6661_756c_7473) &+ UInt64(first))
    let start = now
    let spans = plan.faults.map { FaultSpan($0) }
    for beginning in plan.beginnings(drawing: random.next).sorted() {
      let span = spans[random.next(below: spans.count)]
      let occurrence = FaultOccurrence(
        number: faults.nextNumbers(1), name: span.fault.name,
        instant: start.advanced(byNanoseconds: beginning),
        duration: .nanoseconds(span.fault.duration.nanoseconds(drawing: random.next)))
      guard faults.keeps(occurrence.number) else { continue }
      let (clock, faults) = (clock, faults)
      _ = clock.schedule(at: occurrence.instant) {
        faults.begin(occurrence)
        span.begin()
        _ = clock.schedule(at: occurrence.instant.advanced(by: occurrence.duration)) { span.end() }
      }
    }
  }
}
