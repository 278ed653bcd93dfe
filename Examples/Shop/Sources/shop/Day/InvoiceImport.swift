import Resilience
import ResilienceTestKit
import Synchronization

/// The first work of the day: every line of the invoices goes through the bus to the intake, and what is
/// refused there ends in the dead letters with its reason.
struct InvoiceImport: Sendable {
  var intake: Intake
  /// How many lines are in the dead letters: all that were refused.
  var deadLetters: Int

  static func open(_ lines: [InvoiceLine], slashes: DayTime.SlashOrder = .monthFirst, seed: UInt64) throws
    -> InvoiceImport
  {
    try Simulation(seed: seed).run { _ in
      // Room for all lines at once, and for the refusal of each.
      let room = max(1, lines.count)
      let bus = EventBus(
        source: "post", policy: EventBusPolicy(queueCapacity: room, deadLetterCapacity: room))
      let locked = LockedIntake(Intake(slashes: slashes))
      try bus.subscribe(
        to: Topic.invoiceLine, group: "intake", policy: DeliveryPolicy(maxDeliveries: 3, parallelism: 1),
        handler: EventHandler("intake") { event in try locked.take(event.data) })
      return try await withThrowingTaskGroup { group in
        group.addTask { try await bus.run() }
        for line in lines {
          try await bus.publish(line, as: Topic.invoiceLine, subject: "post")
        }
        try await bus.waitUntilIdle()
        group.cancelAll()
        return InvoiceImport(intake: locked.intake, deadLetters: bus.deadLetters.count)
      }
    }
  }

  private final class LockedIntake: Sendable {
    private let storage: Mutex<Intake>

    init(_ intake: Intake) {
      storage = Mutex(intake)
    }

    var intake: Intake { storage.withLock { $0 } }

    func take(_ line: InvoiceLine) throws {
      try storage.withLock { intake throws(Refusal) in try intake.take(line) }
    }
  }
}
