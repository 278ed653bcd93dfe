/// A mean that is measured again and again: it averages what agrees, and starts anew with what does not.
struct LearnedMean: Sendable {
  private(set) var value = 0.0
  private(set) var information = 0.0
  let memory: Double

  /// - Parameter memory: The most information that it keeps; older measurements fade.
  init(memory: Double) {
    self.memory = memory
  }

  var isKnown: Bool { information > 0 }

  mutating func add(_ measured: Double, information added: Double) {
    // 3.5 standard errors of an exponential distribution: a change, not noise.
    if !isKnown || abs(measured / value - 1) > 3.5 / added.squareRoot() {
      value = measured
      information = added
    } else {
      value += (measured - value) * added / (information + added)
      information = min(information + added, memory)
    }
  }

  mutating func forget() {
    information = 0
  }
}
