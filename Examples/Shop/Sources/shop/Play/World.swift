/// What is outside the services: the payment provider, the shelves and the servers in front of them, the truck.
struct World: Sendable {
  let provider: PaymentProvider
  let warehouse: Warehouse
  let servers: [InventoryServer]
  let truck = Truck()

  init(_ house: House) {
    let shelves = Warehouse()
    provider = PaymentProvider(faults: house.faults, day: house.day)
    warehouse = shelves
    servers = (1...3).map {
      InventoryServer(number: $0, warehouse: shelves, faults: house.faults, day: house.day)
    }
  }
}
