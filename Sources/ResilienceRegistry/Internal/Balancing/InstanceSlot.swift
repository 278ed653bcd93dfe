/// What the choice and the outlier detection must know of one registration: numbers only, so that a choice
/// touches few lines of memory.
struct InstanceSlot: BitwiseCopyable {
  let reference: SlotReference
  /// The registration; 0 for none.
  var epoch: UInt64 = 0
  var weight = 1.0
  var latency = LatencyEstimate()

  /// When it last became available, for the slow start.
  var availableSince = Int64.min
  var isStarting = false

  var ejection = EjectionRecord()

  /// Listed, and of a weight and a state that may get calls at all.
  var isListed = false
  var isWell = false

  init(_ reference: SlotReference) {
    self.reference = reference
  }

  var isAvailable: Bool { isListed && isWell && !ejection.isEjected }

  var inFlight: Int { reference.counter.inFlight }
}
