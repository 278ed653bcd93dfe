import ResilienceCore
import ResilienceMetrics
import Testing

@Suite struct MetricsPageTests {
  private let metrics = [
    Metric("a_calls_total", .counter, 3, labels: [.init("name", "x")], help: "Calls of \"a\\b\"\nall."),
    Metric("b_seconds", .gauge, 0.25),
    Metric("a_calls_total", .counter, 4, labels: [.init("name", "y \"z\"\n\\"), .init("k", "")]),
    Metric(
      "c_seconds",
      Metric.Histogram(
        buckets: [.init(upperBound: 0.005, count: 1), .init(upperBound: 1, count: 3)], count: 4, sum: 2.5),
      labels: [.init("name", "x")], help: "How long."),
  ]

  @Test func prometheusReadsIt() {
    let page = MetricsPage(metrics)
    #expect(
      page.text == #"""
        # HELP a_calls_total Calls of "a\\b"\nall.
        # TYPE a_calls_total counter
        a_calls_total{name="x"} 3
        a_calls_total{name="y \"z\"\n\\",k=""} 4
        # TYPE b_seconds gauge
        b_seconds 0.25
        # HELP c_seconds How long.
        # TYPE c_seconds histogram
        c_seconds_bucket{name="x",le="0.005"} 1
        c_seconds_bucket{name="x",le="1"} 3
        c_seconds_bucket{name="x",le="+Inf"} 4
        c_seconds_sum{name="x"} 2.5
        c_seconds_count{name="x"} 4

        """#)
    #expect(page.omissions == [])
    #expect(page.contentType == "text/plain; version=0.0.4; charset=utf-8")
  }

  @Test func openMetricsHasUnitsAndAnEnd() {
    let page = MetricsPage(metrics, format: .openMetrics)
    #expect(
      page.text == #"""
        # HELP a_calls Calls of \"a\\b\"\nall.
        # TYPE a_calls counter
        a_calls_total{name="x"} 3
        a_calls_total{name="y \"z\"\n\\",k=""} 4
        # TYPE b_seconds gauge
        # UNIT b_seconds seconds
        b_seconds 0.25
        # HELP c_seconds How long.
        # TYPE c_seconds histogram
        # UNIT c_seconds seconds
        c_seconds_bucket{name="x",le="0.005"} 1
        c_seconds_bucket{name="x",le="1.0"} 3
        c_seconds_bucket{name="x",le="+Inf"} 4
        c_seconds_sum{name="x"} 2.5
        c_seconds_count{name="x"} 4
        # EOF

        """#)
  }

  @Test func nothingIsAPageToo() {
    #expect(MetricsPage([Metric]()).text == "")
    #expect(MetricsPage([Metric](), format: .openMetrics).text == "# EOF\n")
  }

  @Test func whatAScraperRefusesIsLeftOutAndSaid() {
    let histogram = Metric.Histogram(buckets: [], count: 0, sum: 0)
    var odd = Metric("odd", .gauge, 1)
    odd.histogram = histogram
    let page = MetricsPage([
      Metric("a", .gauge, 1, labels: [.init("name", "x")]),
      Metric("a", .gauge, 1, labels: [.init("name", "x")]),
      Metric("a", .gauge, 2, labels: [.init("name", "x")]),
      Metric("a", .counter, 3),
      Metric("h_count", .counter, 3),
      Metric("h", histogram),
      Metric("i", histogram, labels: [.init("le", "1"), .init("a", "1"), .init("a", "2"), .init("", "")]),
      odd,
      Metric("", .gauge, 1),
    ])
    #expect(
      page.text == """
        # TYPE a gauge
        a{name="x"} 1
        # TYPE h_count counter
        h_count 3
        # TYPE i histogram
        i_bucket{a="1",le="+Inf"} 0
        i_sum{a="1"} 0
        i_count{a="1"} 0

        """)
    #expect(page.omissions.count == 8, "\(page.omissions)")
    #expect(
      page.omissions.first
        == "a{name=\"x\"} came twice with different values: give each object a name of its own")
  }

  @Test(arguments: [
    ("a.b-c", "a_b_c"), ("9a", "_9a"), ("a:b", "a:b"), ("größe", "gr__e"), ("a\nb 1", "a_b_1"),
  ])
  func namesBecomeLegal(name: String, legal: String) {
    #expect(MetricsPage([Metric(name, .gauge, 1)]).text == "# TYPE \(legal) gauge\n\(legal) 1\n")
    let label = legal.replacing(":", with: "_")
    #expect(
      MetricsPage([Metric("a", .gauge, 1, labels: [.init(name, "v")])]).text
        == "# TYPE a gauge\na{\(label)=\"v\"} 1\n")
  }

  @Test(arguments: [
    (Double.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (-0.5, "-0.5"),
    (1e15, "1000000000000000"),
    (1e300, "1e+300"), (0x1p53, "9007199254740992"),
  ])
  func everyValueHasAForm(value: Double, form: String) {
    #expect(MetricsPage([Metric("a", .gauge, value)]).text == "# TYPE a gauge\na \(form)\n")
  }

  @Test(arguments: [
    (nil, MetricsFormat.prometheus), ("*/*", .prometheus), ("text/plain", .prometheus), ("", .prometheus),
    ("application/openmetrics-text; version=1.0.0, text/plain;q=0.5", .openMetrics),
    ("text/plain;q=0.5, Application/OpenMetrics-Text;version=1.0.0;q=0.8", .openMetrics),
    ("application/openmetrics-text;q=0", .prometheus), ("application/openmetrics-textual", .prometheus),
  ])
  func aScraperChooses(accept: String?, format: MetricsFormat) {
    #expect(MetricsFormat(accepting: accept) == format)
  }
}
