import Resilience
import Testing

/// The orders that the compiler warns of are mistakes, not errors: whoever ignores the warning gets what he
/// wrote.
@Suite struct WarnedOrderTests {
  private static let call = ServiceCall("call") { (input: Int) in input }

  @Test func anOrderThatTheCompilerWarnsOfIsMadeAsItIsWritten() {
    let orders: any Orders = WarnedOrders()
    #expect(
      orders.layers().map { $0.prefix { $0 != "(" } } == [
        "call: deadline 3 s → retry 3 ", "call: deadline 3 s → retry 3 ", "call: deadline 3 s → retry 3 ",
        "call: deadline 3 s → retry 3 ", "call: timeout 1 s → retry 3 ", "call: timeout 1 s → retry 3 ",
        "call: timeout 1 s, abandoning → retry 3 ", "call: timeout 1 s, abandoning → retry 3 ",
      ])
  }

  /// A call through a protocol is not warned of.
  private protocol Orders {
    func layers() -> [String]
  }

  private struct WarnedOrders: Orders {
    @available(*, deprecated)
    func layers() -> [String] {
      let (retried, answered) = (call.retry(), call.fallback(0))
      let limit = LivePolicy(TimeLimit(.seconds(1)))
      return [
        retried.standardStack().description, retried.standardStack(StandardStack("stack")).description,
        answered.standardStack().description, answered.standardStack(StandardStack("stack")).description,
        retried.timeout(.seconds(1)).description, retried.timeout(live: limit).description,
        retried.timeout(.seconds(1), abandoning: AbandonedWork("work")).description,
        retried.timeout(live: limit, abandoning: AbandonedWork("work")).description,
      ]
    }
  }
}
