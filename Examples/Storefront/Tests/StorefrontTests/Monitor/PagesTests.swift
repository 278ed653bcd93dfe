import Resilience
import Testing

@testable import storefront

@Suite struct PagesTests {
  static let hostile = #"</title><script>alert("1")</script><img src=x onerror='y'>&"#

  /// Whatever comes from outside, in every place where it is shown.
  @Test func nothingThatComesFromOutsideBecomesAnElement() throws {
    let hostile = Self.hostile
    var span = SpanSamples.span(
      2, parent: 1, service: hostile, name: hostile, kind: .consumer, error: hostile)
    span.attributes = [.init(key: hostile, value: hostile)]
    span.events = [.init(nanoseconds: 1, name: hostile, attributes: [.init(key: hostile, value: hostile)])]
    let trace = SpanSamples.trace([SpanSamples.span(1, service: "a\(hostile)", name: hostile), span])
    let page = MetricsText(
      MetricsPage(
        [
          "registry_stale", "circuit_breakers_not_closed", "bulkhead_limit", "event_broker_lag",
          "outbox_pending_events",
          "event_broker_dead_letters", "shared_rate_limiter_acquired_permits_total",
          "shared_rate_limiter_away",
          "rate_limiter_acquired_permits_total",
        ].map { name in
          Metric(
            name, .gauge, 1,
            labels: ["service", "breakers", "bulkhead", "group", "broker", "limiter"].map {
              Metric.Label($0, hostile)
            })
        } + [
          Metric(
            AnswerMeter.totalName, .counter, 1,
            labels: [Metric.Label("route", hostile), Metric.Label("status", hostile)])
        ]
      ).text)
    #expect(page.badLines == 0)
    let process = ProcessStatus(
      target: .init(name: "gateway\(hostile)", service: Gateway.name, address: hostile), state: .silent,
      page: page,
      totals: AnswerTotals(page), recent: AnswerTotals(page), recentSeconds: 1, history: [1, 2],
      uptimeSeconds: 1)
    let snapshot = TraceCollector().snapshot()
    let query = try TraceQuery([("service", hostile), ("name", hostile)])
    let pages = [
      TracesPage(query: query, found: try TraceQuery().found(in: [trace]), collector: snapshot).html,
      TracePage(trace).html, GraphPage(CallGraph([trace])).html,
      DashboardPage(
        expected: [hostile], processes: [process], registry: ServiceRegistry().snapshot(),
        collector: snapshot,
        failedTraces: 0
      ).html,
    ]
    for page in pages {
      #expect(page.contains("&lt;script&gt;"))
      #expect(!page.contains("<script") && !page.contains("<img"))
      // In an attribute it would be a quote that does harm.
      #expect(!page.contains("\"1\")") && !page.contains("onerror='"))
    }
  }

  @Test func whatWouldTurnTheLineIsShownByItsName() {
    #expect(HTML.text("a\u{202E}b\u{0}\u{1B}[31m\n<é>") == "a\\u{202e}b\\u{0}\\u{1b}[31m\n&lt;é&gt;")
    let link = HTML.link("x", to: "/traces", query: ["service": "a&b=\"c\" é"])
    #expect(link == "<a href=\"/traces?service=a%26b%3D%22c%22%20%C3%A9\">x</a>")
  }

  @Test func anyNumberCanBeWritten() {
    for value in [Double.nan, .infinity, -.infinity, 1e300, -1e300, .leastNonzeroMagnitude, 0] {
      #expect(!Figure.number(value).isEmpty)
      #expect(!Figure.time(seconds: value).isEmpty)
      #expect(!Figure.span(value).isEmpty)
      #expect(!Sparkline.svg([1, value, 2], label: "").contains("nan"))
    }
    #expect(Figure.number(1234) == "1234")
    #expect(Figure.number(2.25) == "2.2")
    #expect(Figure.time(nanoseconds: 12_400_000) == "12 ms")
    #expect(Figure.time(nanoseconds: 0) == "0 s")
    #expect(Figure.time(nanoseconds: UInt64.max).hasSuffix(" d"))
    #expect(Figure.instant(nanoseconds: 1_291_191_960_123_000_000) == "2010-12-01 08:26:00.123 UTC")
    #expect(!Figure.instant(nanoseconds: .max).isEmpty)
  }

  @Test func aWaterfallSaysWhereEachSpanIs() {
    let html = TracePage(
      SpanSamples.trace([
        SpanSamples.span(1, service: "gateway", start: 1000, took: 200),
        SpanSamples.span(2, parent: 1, service: "orders", start: 1050, took: 100, error: "no disk"),
        SpanSamples.span(3, parent: 99, service: "carts", start: 1100, took: 0),
      ])
    ).html
    #expect(html.contains("--depth: 0; --from: 0.000%; --size: 100.000%"))
    #expect(html.contains("--depth: 1; --from: 25.000%; --size: 50.000%"))
    #expect(html.contains("? carts: work"))
    #expect(html.contains("✗ orders: work"))
    #expect(html.contains("no disk"))
  }

  @Test func theNumbersOfTheDashboardAreThoseOfTheMetrics() {
    let page = MetricsText(
      """
      http_server_answers_total{route="GET /a",status="2xx"} 731
      http_server_answers_total{route="GET /a",status="5xx"} 17
      circuit_breakers{breakers="orders"} 4
      circuit_breakers_not_closed{breakers="orders"} 3
      circuit_breakers_openings_total{breakers="orders"} 29
      retry_budget_available{budget="orders"} 47
      retry_budget_granted_total{budget="orders"} 211
      retry_budget_refused_total{budget="orders"} 19
      bulkhead_limit{bulkhead="gateway"} 103
      bulkhead_in_use{bulkhead="gateway"} 61
      rate_limiter_acquired_permits_total{limiter="customers"} 463
      rate_limiter_refused_calls_total{limiter="customers"} 37
      shared_rate_limiter_acquired_permits_total{limiter="charges"} 587
      shared_rate_limiter_refused_calls_total{limiter="charges"} 73
      shared_rate_limiter_away{limiter="charges"} 1
      outbox_pending_events 877
      outbox_refused_events 0
      event_broker_lag{broker="hub",group="payments/order_created"} 419
      event_broker_lag{broker="hub",group="carts/order_created"} 0
      event_broker_consumers{broker="hub",group="payments/order_created"} 0
      registry_stale{service="carts"} 1
      nonsense
      """)
    let process = ProcessStatus(
      target: .init(name: "gateway-1", service: "gateway", address: "h:1"), state: .notReady(503), page: page,
      totals: AnswerTotals(page), recent: AnswerTotals(), recentSeconds: 0, history: [], uptimeSeconds: 3600)
    let dashboard = DashboardPage(
      expected: ["gateway", "users"], processes: [process], registry: ServiceRegistry().snapshot(),
      collector: TraceCollector().snapshot(), failedTraces: 0)
    #expect(
      dashboard.troubles == [
        "users: no instance is registered", "gateway-1 is not ready: it says 503",
        "breakers of gateway-1 towards orders that are not closed: 3",
        "gateway-1 does not hear where carts is: it goes on with what it knew",
        "gateway-1 did not reach Redis when it last asked: it keeps to its share of the limit charges",
        "events that wait for payments/order_created, which has no consumer: 419",
        "lines of the metrics of gateway-1 that cannot be read: 1",
      ])
    let html = dashboard.html
    for cell in [
      ">748<", ">17<", ">731<", ">3 of 4<", ">29<", ">47<", ">211<", ">19<", ">61 of 103<", ">463<", ">37<",
      ">587<", ">73<",
      "its share: Redis is away", ">877<", ">419<",
      "0 of 1 processes are ready", "Groups at the broker that are behind: 1 of 2.", ">60 min<",
    ] { #expect(html.contains(cell), "\(cell)") }
  }
}
