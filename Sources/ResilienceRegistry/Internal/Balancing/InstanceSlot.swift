/// What the choice and the outlier detection must know of one registration: numbers only, so that a choice
/// touches one line of memory.
struct InstanceSlot: BitwiseCopyable {
  /// The registration; 0 for none.
  var epoch: UInt64 = 0
  var inFlight = 0
  var weight = 1.0
  var latency = LatencyEstimate()

  /// When it last became available, for the slow start.
  var availableSince = Int64.min
  var isStarting = false

  var ejection = EjectionRecord()

  /// Listed, and of a weight and a state that may get calls at all.
  var isListed = false
  var isWell = false

  var isAvailable: Bool { isListed && isWell && !ejection.isEjected }
}
