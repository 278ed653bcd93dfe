internal import ResilienceCore

/// Hands the events of one group from the broker to the bus, and what became of them back.
struct BrokerSession {
  let bus: EventBus
  let link: BrokerLink
  /// The group's place in the bus.
  let group: Int

  /// The most events in one call of the broker.
  private static let batch = 256
  private static let backoff = Backoff.exponential(base: .milliseconds(100), cap: .seconds(1))

  private let clock: any ResilienceClock
  private let context = CallContext.current

  init(bus: EventBus, link: BrokerLink, group: Int) {
    self.bus = bus
    self.link = link
    self.group = group
    clock = context.clock
  }

  /// Joins the group until the link is closed; again, after the broker failed or the session has ended.
  func run() async {
    var failures = 0
    while !link.isClosing {
      do {
        let consumer = try await link.broker.join(link.group)
        bus.update { $0.noteMade(link) }
        link.note(nil)
        failures = 0
        await serve(consumer)
      } catch {
        await pause(after: error, &failures)
      }
    }
  }

  private func serve(_ consumer: any BrokerConsumer) async {
    await withTaskGroup { tasks in
      // Children: none may use the consumer after it has left. Each ends with the session, or with the link.
      tasks.addTask { await receive(from: consumer) }
      tasks.addTask { await keepAlive(consumer) }
      tasks.addTask { await settle(with: consumer) }
      await tasks.next()
      tasks.cancelAll()
    }
    // The handlers have ended by now, or the session has, whose events others get.
    for (receipt, deliveries) in bus.takeReceived(through: link, of: group) {
      link.settle(BrokerSettlement(receipt, .returned(deliveries: deliveries)))?.grant()
    }
    await settleTheRest(with: consumer)
    do { try await consumer.leave() } catch { link.note(error) }
  }

  // MARK: - In

  private func receive(from consumer: any BrokerConsumer) async {
    var failures = 0
    while !Task.isCancelled, !link.isClosing {
      do {
        let room = try await bus.room(in: group, atMost: Self.batch)
        for delivery in try await consumer.receive(limit: room) { accept(delivery) }
        failures = 0
      } catch is BrokerSessionEnded {
        return
      } catch is CancellationError {
        return
      } catch {
        await pause(after: error, &failures)
      }
    }
  }

  private func accept(_ delivery: BrokerDelivery) {
    do {
      let origin = BrokerOrigin(link, delivery.receipt)
      bus.receive(try EncodedMessage(delivery, from: origin, context), in: group)
    } catch {
      let death = DeadLetter.Death(
        reason: .undecodable, lastError: "\(error)", deliveries: delivery.deliveries,
        time: clock.unixTime)
      let outcome = BrokerSettlement.Outcome.deadLettered(death, history: delivery.history)
      link.settle(BrokerSettlement(delivery.receipt, outcome))?.grant()
    }
  }

  private func keepAlive(_ consumer: any BrokerConsumer) async {
    while !Task.isCancelled {
      do {
        try await clock.sleep(for: consumer.heartbeatInterval)
        try await consumer.heartbeat()
      } catch is BrokerSessionEnded {
        return
      } catch is CancellationError {
        return
      } catch {
        link.note(error)
      }
    }
  }

  // MARK: - Out

  private func settle(with consumer: any BrokerConsumer) async {
    var failures = 0
    while !Task.isCancelled {
      switch link.takeSettlements() {
      case .end: return
      case .wait(let waiter): _ = await waiter.wait()
      case .settle(let settlements):
        do {
          try await consumer.settle(settlements)
          failures = 0
        } catch is BrokerSessionEnded {
          return
        } catch {
          link.putBack(settlements)
          await pause(after: error, &failures)
        }
      }
    }
  }

  /// What came in while the session ended. What the broker does not take comes again.
  private func settleTheRest(with consumer: any BrokerConsumer) async {
    for _ in 0..<3 {
      guard case .settle(let settlements) = link.takeSettlements() else { return }
      do {
        try await consumer.settle(settlements)
      } catch is BrokerSessionEnded {
        return link.forgetSettlements()
      } catch {
        link.note(error)
        link.putBack(settlements)
      }
    }
    link.forgetSettlements()
  }

  private func pause(after error: any Error, _ failures: inout Int) async {
    link.note(error)
    failures += 1
    try? await clock.sleep(for: Self.backoff.delay(retry: failures, seed: context.random()))
  }
}
