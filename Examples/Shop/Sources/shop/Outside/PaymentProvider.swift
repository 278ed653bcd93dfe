import ResilienceCore
import Synchronization

/// The company that moves the money: outside the shop, slow at times.
final class PaymentProvider: Sendable {
  struct ConnectionLost: Error {}
  struct Declined: Error {}

  /// Above this a card is declined.
  static let cardLimit = Money(thousandths: 20_000_000)

  let ledger = Ledger()
  private let faults: FaultSchedule
  private let day: DayClock
  private let keys = Mutex<Set<String>>([])

  init(faults: FaultSchedule, day: DayClock) {
    self.faults = faults
    self.day = day
  }

  /// Charges an order.
  ///
  /// The money moves when the request arrives, whatever becomes of the answer: a caller that gives up has
  /// paid.
  ///
  /// - Parameter idempotencyKey: Requests with the same key move the money once. Without one, each does.
  func charge(_ order: String, _ amount: Money, idempotencyKey: String?) async throws {
    guard amount <= Self.cardLimit else { throw Declined() }
    let isNew = idempotencyKey.map { key in keys.withLock { $0.insert(key).inserted } } ?? true
    if isNew { ledger.charge(order, amount) }
    guard faults.slowPayment.contains(day.secondsOpen) else {
      return try await DayClock.pause(50...150)
    }
    try await DayClock.pause(3000...5000)
    // The load balancer in front of the provider gives up on answers that take longer than five seconds.
    if CallContext.current.random() % 2 == 0 { throw ConnectionLost() }
  }

  func refund(_ order: String) {
    ledger.refundAll(order)
  }
}
