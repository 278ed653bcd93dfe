internal import ResilienceCore

/// Whether a side of a mirrored broker works.
final class MirrorHealth: Sendable {
  private struct State {
    var isHealthy = true
    var failures = 0
  }

  let side: MirrorSide
  let broker: any EventBroker
  private let name: String
  private let onEvent: (@Sendable (MirrorEvent) -> Void)?
  private let state = Lock(State())

  init(
    _ side: MirrorSide, _ broker: any EventBroker, name: String,
    onEvent: (@Sendable (MirrorEvent) -> Void)?
  ) {
    self.side = side
    self.broker = broker
    self.name = name
    self.onEvent = onEvent
  }

  var snapshot: MirroredBrokerSnapshot.Side {
    let (isHealthy, failures) = state.withLock { ($0.isHealthy, $0.failures) }
    return MirroredBrokerSnapshot.Side(side: side, isHealthy: isHealthy, failures: failures)
  }

  func worked() {
    let hasReturned = state.withLock { state in
      defer { state.isHealthy = true }
      return !state.isHealthy
    }
    if hasReturned { tell(.returned) }
  }

  func failed(_ error: any Error) {
    let isLost = state.withLock { state in
      defer { state.isHealthy = false }
      state.failures += 1
      return state.isHealthy
    }
    if isLost { tell(.lost(error: "\(error)")) }
  }

  private func tell(_ kind: MirrorEvent.Kind) {
    let event = MirrorEvent(kind, side: side, broker: name)
    onEvent?(event)
    CallContext.current.emit(event)
  }
}
