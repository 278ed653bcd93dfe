import ResilienceCore

/// One of the inventory servers, with the troubles it has today.
final class InventoryInstance: Sendable {
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

  /// When it is dead; `nil` for the lucky ones.
  var outage: Range<Int>? { number == 1 ? faults.deadInventory : nil }

  func ping() async throws {
    try await DayClock.pause(1...5)
    if let outage, outage.contains(day.secondsOpen) { throw ConnectionRefused() }
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
}
