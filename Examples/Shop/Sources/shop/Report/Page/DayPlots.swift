/// The plots over the day: bare and with the toolkit on the same axes.
struct DayPlots: Sendable {
  let comparison: DayComparison

  /// From opening to closing, or to the last event that was settled after it.
  private var time: TimeAxis {
    let last = [comparison.bare, comparison.toolkit].map { $0.samples.last?.second ?? 0 }.max() ?? 0
    return TimeAxis(seconds: max(comparison.faults.openSeconds, last), day: comparison.day)
  }

  private var bins: DayBins { DayBins(daySeconds: time.seconds) }

  var plots: [LinePlot] {
    let bins = bins
    let pieces = "in \(bins.minutes) min"
    return [
      plot("shipped", "Orders shipped so far", "orders", points: bins.shipped),
      plot("answered", "Customers' requests answered in time", "requests a minute", points: bins.answered),
      plot("failed", "Customers' requests that failed", "requests a minute", points: bins.failed),
      plot("p50", "Response time of product pages, p50", "seconds", .tenfold(first: 0.1)) {
        bins.response($0, percent: 50)
      },
      plot("p99", "Response time of product pages, p99", "seconds", .tenfold(first: 0.1)) {
        bins.response($0, percent: 99)
      },
      plot(
        "queue", "Queue depth of the bus", "events not settled", .tenfold(first: 1),
        points: bins.queued),
      retries,
      plot("redeliveries", "Redeliveries of events", "redeliveries \(pieces)") {
        bins.growth($0, of: \.redeliveries)
      },
    ]
  }

  private var retries: LinePlot {
    let bins = bins
    var plot = plot("retries", "Retries against the budget", "retries in \(bins.minutes) min") {
      bins.growth($0, of: \.retries)
    }
    plot.series.append(
      LinePlot.Series(
        name: "refused by the budget", kind: .third,
        points: bins.growth(comparison.toolkit, of: \.refusedRetries)))
    return plot
  }

  var section: String {
    let faults = comparison.faults.faults
    let keys =
      PlotKey.window
      + faults.map { fault in
        if case .moments = fault.time { PlotKey.fault(fault.name) } else { "" }
      }.joined()
    let figures =
      plots.map { $0.figure(time, faults) }
      + [
        BreakerPlot(
          record: comparison.toolkit, openSeconds: comparison.result.toolkit.openSecondsByBreaker
        ).figure(time, faults)
      ]
    let length = bins.minutes == 1 ? "a minute" : "\(bins.minutes) minutes"
    return Markup.element(
      "p", ["class": "quiet"],
      keys + Markup.text("Each point stands for \(length). The broker delivers orders twice all day."))
      + Markup.element("div", ["class": "plots"], figures.joined(separator: "\n"))
  }

  private func plot(
    _ id: String, _ title: String, _ unit: String, _ scale: ValueAxis.Scale = .even,
    points: (DayRecord) -> [(second: Double, value: Double?)]
  ) -> LinePlot {
    LinePlot(
      id: "plot-\(id)", title: title, unit: unit, scale: scale,
      series: [
        LinePlot.Series(name: "bare calls", kind: .bare, points: points(comparison.bare)),
        LinePlot.Series(name: "with the toolkit", kind: .toolkit, points: points(comparison.toolkit)),
      ])
  }
}
