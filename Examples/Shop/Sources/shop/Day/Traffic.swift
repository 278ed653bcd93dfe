import Resilience

/// The customers: each walks through the shop as the day's book says, and sees what a customer sees.
struct Traffic: Sendable {
  /// A customer who waits longer than this for an answer has left.
  static let patience = Duration.seconds(5)
  /// A customer tries each click so many times.
  static let tries = 2

  let gateway: Gateway
  let platform: Platform
  let meter: CustomerMeter

  /// One customer's visit: log in, look at each product and put it into the cart, check out.
  func visit(_ invoice: Invoice) async throws {
    try await platform.day.wait(until: invoice.second - platform.day.opening - Self.leadSeconds(invoice))
    var session = Gateway.Request(customer: invoice.customer, token: "", action: .register)
    guard await click(session) != nil else { return leave(invoice) }
    session.action = .logIn
    guard case .token(let token)? = await click(session) else { return leave(invoice) }
    session.token = token
    for item in invoice.items {
      session.action = .page(sku: item.sku)
      guard await click(session) != nil else { return leave(invoice) }
      session.action = .addToCart(sku: item.sku, quantity: item.quantity)
      guard await click(session) != nil else { return leave(invoice) }
      try await DayClock.pause(500...(Self.secondsPerItem * 1000))
    }
    session.action = .checkOut(invoice)
    if await click(session) == nil { leave(invoice) }
  }

  /// How long before the time on the invoice the visit begins.
  static func leadSeconds(_ invoice: Invoice) -> Int { invoice.items.count * secondsPerItem + 10 }

  private static let secondsPerItem = 2

  /// What one visit asks for: register, log in, two clicks an item, check out.
  static func requests(_ invoice: Invoice) -> Int { 3 + 2 * invoice.items.count }

  /// Somebody hammers the product pages, ten times as often as all customers of a busy minute together.
  func flood(_ skus: [String]) async throws {
    guard !skus.isEmpty else { return }
    try await platform.day.wait(until: platform.faults.flood.lowerBound)
    await withTaskGroup { group in
      for robot in 0..<2 { group.addTask { await hammer(as: "robot-\(robot)", skus) } }
    }
  }

  private func hammer(as robot: String, _ skus: [String]) async {
    var request = Gateway.Request(customer: robot, token: "", action: .register)
    _ = try? await gateway.handle(request)
    request.action = .logIn
    guard case .token(let token)? = try? await gateway.handle(request) else { return }
    request.token = token
    await withDiscardingTaskGroup { group in
      var index = 0
      while platform.faults.flood.contains(platform.day.secondsOpen) {
        request.action = .page(sku: skus[index % skus.count])
        let click = request
        group.addTask { _ = try? await gateway.handle(click) }
        index += 1
        // Two robots, each with half of the requests, at random distances.
        try? await DayClock.pause(1...Int(2 * 2000 / platform.faults.floodRequestsPerSecond))
      }
    }
  }

  /// Requests whose senders have stopped waiting a second ago: work on them is work for nobody.
  func expired() async throws {
    for second in platform.faults.expired {
      try await platform.day.wait(until: second)
      var context = CallContext.current
      context.tightenDeadline(to: Deadline(at: context.readClock().advanced(by: .seconds(-1))))
      let request = Gateway.Request(customer: "late", token: "", action: .register)
      do {
        _ = try await gateway.handle.handle(request, context: context)
      } catch is DeadlineExceeded {
        platform.counters.events.count("shop.expired")
      } catch {}
    }
  }

  /// Clicks, and clicks again when nothing comes; `nil` when the customer has had enough.
  private func click(_ request: Gateway.Request) async -> Gateway.Reply? {
    for attempt in 1...Self.tries {
      let start = CallContext.current.readClock()
      let reply = try? await gateway.handle(request)
      let end = CallContext.current.readClock()
      let isInTime = start.duration(to: end) <= Self.patience
      meter.record(start: start, end: end, succeeded: reply != nil && isInTime, isPage: request.isPage)
      if let reply, isInTime { return reply }
      if attempt < Self.tries { try? await DayClock.pause(3000...6000) }
    }
    return nil
  }

  /// A customer who leaves before the order was placed has cancelled it.
  private func leave(_ invoice: Invoice) {
    if platform.book.entry(invoice.number)?.placed == nil { platform.book.end(invoice.number, .cancelled) }
  }
}
