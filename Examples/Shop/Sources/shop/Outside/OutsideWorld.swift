/// What is outside the services: the payment provider, the shelves and the servers in front of them, the
/// truck.
struct OutsideWorld: Sendable {
  let provider: PaymentProvider
  let warehouse: Warehouse
  let servers: [InventoryServer]
  let truck = Truck()

  init(_ platform: Platform) {
    let shelves = Warehouse()
    provider = PaymentProvider(faults: platform.faults, day: platform.day)
    warehouse = shelves
    servers = (1...3).map {
      InventoryServer(number: $0, warehouse: shelves, faults: platform.faults, day: platform.day)
    }
  }
}
