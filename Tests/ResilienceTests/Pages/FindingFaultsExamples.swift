// The code of FindingFaults.md, compiled.

import Resilience
import ResilienceTestKit
import Synchronization

private final class Books: Sendable {
  let state = Mutex((balance: 0, shipped: Set<Int>()))

  var balance: Int { state.withLock { $0.balance } }
  func isShipped(_ number: Int) -> Bool { state.withLock { $0.shipped.contains(number) } }
  func removeAll() { state.withLock { $0.shipped.removeAll() } }
}

private func whatMustHold(_ simulation: Simulation, _ ledger: Books, _ orders: Books) {
  simulation.always("the balance is never negative") { ledger.balance >= 0 }
  simulation.eventually("the order is shipped", within: .seconds(5)) { orders.isShipped(7) }
}

private func exploring(_ body: @escaping @Sendable (Simulation) async throws -> Void) throws {
  try Simulation.explore(seeds: 0..<10_000, body)
  try Simulation.explore(seeds: 0..<10_000, strategy: .preemptions(2), body)
  try Simulation.exploreEveryInterleaving(departures: 2, body)
}

private func faults(
  _ simulation: Simulation, _ network: SimulatedNetwork, _ host: SimulatedHost<Payment>, _ cache: Books
) {
  simulation.inject(
    .any(
      3,
      of: [
        .partition(network, "shop", "payment", for: .uniform(.seconds(1) ... .seconds(60))),
        .crash(host, for: .constant(.seconds(10))),
        .clockJump(of: host, by: .seconds(-2)),
        .diskFull(host.disk, for: .constant(.seconds(30))),
        PlannedFault("the cache is empty") { cache.removeAll() },
      ], within: .seconds(3600)))
}

private struct Ledger: Sendable {
  init(on disk: SimulatedDisk) async throws { _ = try await disk.list() }
}

private struct Payment: Sendable {
  let ledger: Ledger

  func charge(_ order: Order) async throws -> Receipt { Receipt() }
}

private func hosts(_ simulation: Simulation, _ network: SimulatedNetwork) -> some Handler<Order, Receipt> {
  let payment = simulation.host("payment") { disk in
    try await Payment(ledger: Ledger(on: disk))  // again after each restart
  }
  let charge = ServiceCall("charge") { (order: Order) in
    try await payment.call { service in try await service.charge(order) }
  }.link(network, from: "shop", to: "payment")
  return charge
}
