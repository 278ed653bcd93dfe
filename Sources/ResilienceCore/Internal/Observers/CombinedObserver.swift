/// Several observers of the same calls, each told of everything, in order.
package final class CombinedObserver: CallObserver {
  package let observers: [any CallObserver]

  private init(_ observers: [any CallObserver]) {
    self.observers = observers
  }

  /// - Returns: `nil` for none, one as it is.
  package static func of(_ observers: [any CallObserver]) -> (any CallObserver)? {
    observers.count > 1 ? CombinedObserver(observers) : observers.first
  }

  package func attemptBegan(_ attempt: inout CallContext) {
    for observer in observers { observer.attemptBegan(&attempt) }
  }

  package func attemptEnded(
    _ attempt: CallContext, of call: CallContext, _ outcome: Outcome, error: (any Error)?
  ) {
    for observer in observers { observer.attemptEnded(attempt, of: call, outcome, error: error) }
  }

  package func record(_ event: any ResilienceEvent, in context: CallContext) {
    for observer in observers { observer.record(event, in: context) }
  }
}

extension CallObserver {
  /// Those that are told together with this one, itself among them.
  package var combined: [any CallObserver] { (self as? CombinedObserver)?.observers ?? [self] }
}
