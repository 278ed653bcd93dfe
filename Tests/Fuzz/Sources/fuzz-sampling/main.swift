import FuzzSupport
import ResilienceTrace

/// The member `ot` of a trace state: what is read of it is in its range.
fuzz { text in
  guard let state = TraceState("ot=" + text) else { return }
  if let threshold = state.samplingThreshold {
    require(threshold < TraceState.randomnessRange, is: true, "threshold")
    require((state.adjustedCount ?? 0) >= 1, is: true, "adjusted count")
  }
  if let randomness = state.samplingRandomness {
    require(randomness < TraceState.randomnessRange, is: true, "randomness")
  }
}
