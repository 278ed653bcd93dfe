internal import ResilienceCore

extension Simulation {
  /// Starts a host: tasks with a clock and a disk of their own, which can crash and start again.
  ///
  /// ```swift
  /// let payment = simulation.host("payment") { disk in
  ///   try await Payment(ledger: Ledger(on: disk))
  /// }
  /// let charge = ServiceCall("charge") { order in try await payment.call { try await $0.charge(order) } }
  /// ```
  ///
  /// - Parameters:
  ///   - name: For errors, faults and timelines.
  ///   - offset: How far its wall-clock time is from the simulation's; less than zero is behind. Default:
  ///     zero.
  ///   - disk: Its disk. Default: an empty one, whose chance is drawn from the seed.
  ///   - start: What runs when it starts, and each time it starts again: opens what is on the disk, starts
  ///     what goes on by itself, and returns what calls are made to. When it throws, the host is down.
  public func host<Service: Sendable>(
    _ name: String, clockOffset offset: Duration = .zero, disk: SimulatedDisk? = nil,
    _ start: @escaping @Sendable (_ disk: SimulatedDisk) async throws -> Service
  ) -> SimulatedHost<Service> {
    let number = hosts.nextNumber()
    let disk =
      disk ?? SimulatedDisk(path: name, seed: SplitMix64.mix(seed ^ 0x686f_7374) &+ UInt64(number))
    let host = SimulatedHost(name, self, disk, offset: offset, start)
    host.restart()
    return host
  }
}
