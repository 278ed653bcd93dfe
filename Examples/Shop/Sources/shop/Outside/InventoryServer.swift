import Resilience

/// One of the inventory's servers, with the troubles it has today.
final class InventoryServer: Sendable {
  struct ConnectionRefused: Error {}
  struct InternalError: Error {}

  let name: String
  private let number: Int
  private let warehouse: Warehouse
  private let faults: FaultSchedule
  private let day: DayClock

  init(number: Int, warehouse: Warehouse, faults: FaultSchedule, day: DayClock) {
    self.number = number
    self.warehouse = warehouse
    self.faults = faults
    self.day = day
    name = "inventory-\(number)"
  }

  /// Takes an order's goods off the shelves.
  func reserve(_ items: [Invoice.Item], reservation: String?) async throws {
    try await ping()
    // A flaky server fails half of the time before the work and half of the time after it.
    let isFlaky = number == 2 && faults.flakyInventory.contains(day.secondsOpen)
    let dice = Double(CallContext.current.random() >> 11) * 0x1p-53
    if isFlaky, dice < FaultSchedule.flakiness / 2 { throw InternalError() }
    try warehouse.take(items, reservation: reservation)
    try await DayClock.pause(10...40)
    if isFlaky, dice < FaultSchedule.flakiness { throw InternalError() }
  }

  func ping() async throws {
    try await DayClock.pause(1...5)
    if isDead { throw ConnectionRefused() }
  }

  /// Keeps the server in the registry while it lives. A dead server says no goodbye: its lease runs out.
  func run(in registry: ServiceRegistry) async throws {
    let clock = CallContext.current.clock
    while !Task.isCancelled {
      if !isDead {
        let lease = registry.register(ServiceInstance(id: name, service: "inventory"), ttl: .seconds(30))
        while !isDead, case .renewed = lease.renew() { try await clock.sleep(for: .seconds(10)) }
      }
      try await clock.sleep(for: .seconds(10))
    }
  }

  private var isDead: Bool { number == 1 && faults.deadInventory.contains(day.secondsOpen) }
}
