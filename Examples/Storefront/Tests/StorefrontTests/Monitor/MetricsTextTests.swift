import Resilience
import Testing

@testable import storefront

@Suite struct MetricsTextTests {
  @Test func whatOurPagesSayIsRead() throws {
    let labels = [Metric.Label("path", "a\\b \"c\"\nd{e=\"f\",}"), Metric.Label("n", "")]
    let histogram = Metric.Histogram(buckets: [.init(upperBound: 0.5, count: 2)], count: 3, sum: 1.25)
    let page = MetricsText(
      MetricsPage([
        Metric("plain_total", .counter, 12_345_678_901),
        Metric("one", .gauge, -0.25, labels: labels, help: "H\nI"),
        Metric("strange", .gauge, .nan), Metric("large", .gauge, .infinity),
        Metric("wait_seconds", histogram),
      ]).text)
    #expect(page.badLines == 0)
    #expect(page.sum("plain_total") == 12_345_678_901)
    #expect(page["one"].map(\.labels) == [["path": "a\\b \"c\"\nd{e=\"f\",}", "n": ""]])
    #expect(page.sum("one") == -0.25)
    #expect(page.sum("strange")?.isNaN == true)
    #expect(page.sum("large") == .infinity)
    #expect(page["wait_seconds_bucket"].map(\.value) == [2, 3])
    #expect(page["wait_seconds_bucket"].map(\.labels) == [["le": "0.5"], ["le": "+Inf"]])
    #expect(page.sum("absent") == nil)
  }

  @Test(arguments: [
    "good 1\nbad", "good 1\nbad x", "good 1\nbad{a=\"b\" 1", "good 1\nbad{a=b} 1", "good 1\nbad{a=\"b\"}",
    "good 1\n9bad 1", "good 1\nbad 1 x", "good 1\nbad 1 2 3", "good 1\nbad{a=\"\\", "good 1\nbad{=\"\"} 1",
    "good 1\nbad{a=\"b\"c=\"d\"} 1", "good 1\n{} 1", "good 1\nbad1", "good 1\n\u{FF}\u{0} 1",
  ])
  func aLineThatIsNoneIsCounted(text: String) {
    let page = MetricsText(text)
    #expect(page.badLines == 1, "\(page.samples)")
    #expect(page.samples == [MetricsText.Sample(name: "good", labels: [:], value: 1)])
  }

  @Test func commentsBlankLinesAndInstantsAreNoErrors() {
    let page = MetricsText("# HELP a b\r\n\n# EOF\n  \na{x=\"1\",} 2 1700000000000\r\nb 3 \n")
    #expect(page.badLines == 0)
    #expect(page.samples.map(\.value) == [2, 3])
  }

  @Test func aPageWithoutAnEndHasABound() {
    let page = MetricsText(String(repeating: "a 1\n", count: MetricsText.maxSamples + 5))
    #expect(page.samples.count == MetricsText.maxSamples)
    #expect(page.badLines == 5)
  }

  // MARK: - Totals

  private static func totals(good: Int, failed: Int, quick: Int, handled: Int = 0) -> AnswerTotals {
    AnswerTotals(
      MetricsText(
        """
        http_server_answers_total{route="a",status="2xx"} \(good - 1)
        http_server_answers_total{route="b",status="4xx"} 1
        http_server_answers_total{route="b",status="5xx"} \(failed)
        http_server_answer_duration_seconds_bucket{route="a",le="0.1"} \(quick)
        http_server_answer_duration_seconds_bucket{route="a",le="0.2"} \(good + failed)
        http_server_answer_duration_seconds_bucket{route="a",le="+Inf"} \(good + failed)
        event_bus_delivered_total{type="x"} \(handled)
        """))
  }

  @Test func whatIsRecentIsTheDifference() {
    var history = ProcessHistory()
    history.add(Self.totals(good: 10, failed: 0, quick: 10), at: 100)
    history.add(Self.totals(good: 20, failed: 1, quick: 11), at: 150)
    #expect(history.recent.seconds == 50)
    #expect(history.recent.totals.good == 10)
    #expect(history.recent.totals.failed == 1)
    // 1 of 11 took up to 0.1 s, the others up to 0.2 s.
    #expect(abs((history.recent.totals.quantile(0.5) ?? 0) - 0.145) < 1e-9)
    // The first one is more than a minute ago.
    history.add(Self.totals(good: 25, failed: 1, quick: 11), at: 170)
    #expect(history.recent.totals.good == 5)
    #expect(history.answers == [11, 5])
    #expect(AnswerTotals().quantile(0.5) == nil)
  }

  @Test func aProcessThatWasStartedAgainBeginsAnew() {
    var history = ProcessHistory()
    history.add(Self.totals(good: 100, failed: 7, quick: 100), at: 0)
    history.add(Self.totals(good: 3, failed: 0, quick: 3), at: 10)
    #expect(history.recent.totals.good == 3)
    #expect(history.recent.totals.failed == 0)
    #expect(history.answers == [3])
  }

  @Test func aHistoryHasABound() {
    var history = ProcessHistory()
    for second in 0..<1000 {
      history.add(Self.totals(good: 1 + second, failed: 0, quick: 0), at: Double(second))
    }
    #expect(history.answers.count == ProcessHistory.maxPoints - 1)
  }
}
