import Resilience

/// How cost grows: layers, keys, instances, timers, events.
func scaleRows() -> [Row] {
  var rows = layerRows()
  for keys in [10, 1000] {
    rows.append(keyedRow("scale: limiter, \(keys) keys", keys: keys, readsClock: false))
  }
  for instances in [10, 1000, 10_000] {
    rows.append(pickRow("scale: balancer, \(instances) instances", .powerOfTwoChoices, instances: instances))
  }
  for pending in [10, 1000, 100_000] {
    rows.append(.sync("scale: timer, \(pending) pending") { timerLoop(pending: pending) })
  }
  for keys in [10, 1000, 100_000] {
    rows.append(laneRow("scale: bus, \(keys) keys", keys: keys))
  }
  return rows
}

private func layerRows() -> [Row] {
  let rows: [Row] = [
    .call("scale: 1 layer, breakers") { layered(makeCall()) },
    .call("scale: 3 layers, breakers") { layered(layered(layered(makeCall()))) },
    .call("scale: 5 layers, breakers") { layered(layered(layered(layered(layered(makeCall()))))) },
    .call("scale: 8 layers, breakers") {
      layered(layered(layered(layered(layered(layered(layered(layered(makeCall()))))))))
    },
  ]
  return rows.map { $0.floor("call") }
}

private func layered<Base: Handler>(_ base: Base) -> CircuitBreakerHandler<Base> {
  base.circuitBreaker(CircuitBreaker("benchmark"))
}
