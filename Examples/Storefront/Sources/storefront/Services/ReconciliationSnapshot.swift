import Resilience

/// What is counted of orders that something is awaited of.
struct ReconciliationSnapshot: MetricSource {
  var awaited: Int
  var repeats: Int

  var metrics: [Metric] {
    [
      Metric("orders_awaited", .gauge, Double(awaited), help: "Orders of which something is still awaited."),
      Metric(
        "orders_published_again_total", .counter, Double(repeats),
        help: "How often an order was published again, since nothing was heard of it."),
    ]
  }
}
