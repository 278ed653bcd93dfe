extension FaultSchedule {
  /// All that goes wrong today, in the order in which README.md tells it.
  var faults: [Fault] {
    [slowPayments, deadServer, flakyServer, robots, poisonEvents, duplicates, lateRequests]
  }

  private var slowPayments: Fault {
    Fault(
      name: "slow payments", time: .window(slowPayment),
      what: "the payment provider takes 3 to 5 seconds, and every second answer is lost",
      lines: [
        Fault.Line(
          file: "Services/Payments.swift",
          code: #"call.idempotent().standardStack(platform.stacks["payment"])"#),
        Fault.Line(
          file: "Day/Platform.swift",
          code: "maxDeliveries: 100, backoff: .exponential(base: .seconds(2), cap: .seconds(180))"),
        Fault.Line(file: "Bare/Platform+Bare.swift", code: "isProtected ? order : nil"),
      ]
    ) { figures in
      let open = Decimal.text(figures.openSecondsByBreaker["payment"] ?? 0, 0)
      return
        "\(figures.retriesByCall["payment.provider"] ?? 0) retries, "
        + "\(figures.redeliveriesByService["payment"] ?? 0) redeliveries, the breaker open for \(open) s; "
        + "by the idempotency key each order was charged once"
    }
  }

  private var deadServer: Fault {
    Fault(
      name: "dead server", time: .window(deadInventory), what: "inventory-1 does not answer any more",
      lines: [
        Fault.Line(
          file: "Services/Inventory.swift",
          code: #"platform.registry.service("inventory").balanced(.powerOfTwoChoices)"#)
      ]
    ) { _ in "its lease ran out, and calls went to the other two" }
  }

  private var flakyServer: Fault {
    Fault(
      name: "flaky server", time: .window(flakyInventory),
      what: "inventory-2 answers \(Int(Self.flakiness * 100)) % of the calls with an error",
      lines: [
        Fault.Line(
          file: "Services/Inventory.swift",
          code: "balanced.idempotent().retry(maxAttempts: 3, budget: platform.inventoryBudget)")
      ]
    ) { figures in
      "\(figures.retriesByCall["inventory"] ?? 0) retries, each on another server; "
        + "\(figures.redeliveriesByService["inventory"] ?? 0) redeliveries where they did not help"
    }
  }

  private var robots: Fault {
    Fault(
      name: "robots", time: .window(flood),
      what: "two robots ask for ten times what all customers of the busiest minute ask for",
      lines: [
        Fault.Line(
          file: "Services/Gateway.swift",
          code: "route.rateLimit(platform.customerLimiter, by: { $0.customer })")
      ]
    ) { "\($0.requestsLimited) requests refused by the rate limit" }
  }

  private var poisonEvents: Fault {
    Fault(
      name: "poison event", time: .moments(poison), what: "an order without items, which nobody can handle",
      lines: [
        Fault.Line(file: "Services/Payments.swift", code: "var pushback: Pushback { .doNotRetry }")
      ]
    ) { "\($0.deadLetters["order_created: poison"] ?? 0) dead letters, given up at the first delivery" }
  }

  private var duplicates: Fault {
    Fault(
      name: "duplicates", time: .allDay,
      what: "the broker delivers every \(Self.duplicateEvery)th order twice",
      lines: [Fault.Line(file: "Day/Platform.swift", code: "handler.deduplicate(inbox)")]
    ) { "\($0.duplicatesDropped) duplicate deliveries dropped" }
  }

  private var lateRequests: Fault {
    Fault(
      name: "late request", time: .moments(expired), what: "its sender has stopped waiting a second ago",
      lines: [Fault.Line(file: "Services/Gateway.swift", code: ".deadline(.seconds(4))")]
    ) { "\($0.expiredRequestsRefused) late requests refused before any work" }
  }
}
