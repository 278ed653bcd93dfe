/// What the patterns of all processes say: breakers, budgets, room, events, registry.
struct PatternTables {
  let processes: [ProcessStatus]

  /// No page has more rows, and no process more sentences, than somebody reads.
  private static let maxSamples = 200

  /// The samples of a name, with the process that serves them.
  private func samples(_ name: String) -> [(process: ProcessStatus, sample: MetricsText.Sample)] {
    processes.flatMap { process in process.page[name].prefix(Self.maxSamples).map { (process, $0) } }
  }

  /// What is wrong now, each in a sentence.
  var troubles: [String] {
    func sentences(
      _ name: String, _ sentence: (String, MetricsText.Sample, String) -> String
    ) -> [String] {
      samples(name).filter { $0.sample.value > 0 }.map {
        sentence($0.process.target.name, $0.sample, Figure.number($0.sample.value))
      }
    }
    return sentences("circuit_breakers_not_closed") { process, sample, count in
      "breakers of \(process) towards \(sample.labels["breakers"] ?? "") that are not closed: \(count)"
    }
      + sentences("outbox_refused_events") { process, _, count in
        "events of \(process) that the broker refused, and that are set aside: \(count)"
      }
      + sentences("event_broker_dead_letters") { process, _, count in
        "dead letters that \(process) keeps: \(count)"
      }
      + sentences("event_bus_dead_letters") { process, _, count in
        "dead letters that \(process) keeps: \(count)"
      }
      + sentences("registry_stale") { process, sample, _ in
        "\(process) does not hear where \(sample.labels["service"] ?? "") is: it goes on with what it knew"
      }
      + sentences("shared_rate_limiter_away") { process, sample, _ in
        let limit = sample.labels["limiter"] ?? ""
        return "\(process) did not reach Redis when it last asked: "
          + "it keeps to its share of the limit \(limit)"
      } + waitingAlone
  }

  /// Groups that events wait for, and that nobody consumes.
  private var waitingAlone: [String] {
    let lags = Dictionary(
      samples("event_broker_lag").map { ($0.sample.labels["group"] ?? "", $0.sample.value) }
    ) {
      first, _ in first
    }
    return samples("event_broker_consumers").filter { $0.sample.value == 0 }.compactMap { _, sample in
      let group = sample.labels["group"] ?? ""
      guard let lag = lags[group], lag > 0 else { return nil }
      return "events that wait for \(group), which has no consumer: \(Figure.number(lag))"
    }
  }

  // MARK: - Tables

  var answers: String {
    let rows = processes.filter { $0.target.service == Gateway.name }.flatMap {
      $0.page[AnswerMeter.totalName]
    }
    var counts: [String: [String: Double]] = [:]
    for sample in rows {
      counts[sample.labels["route"] ?? "", default: [:]][sample.labels["status"] ?? "", default: 0] +=
        sample.value
    }
    let classes = ["2xx", "3xx", "4xx", "5xx"]
    return table(
      ["route"] + classes,
      counts.filter { $0.value.values.contains { $0 > 0 } }.sorted { $0.key < $1.key }.map { route, counts in
        [.text(route.clipped(to: 120))]
          + classes.map { .number(Figure.number(counts[$0] ?? 0), isBad: $0 == "5xx" && counts[$0] ?? 0 > 0) }
      }, otherwise: "It has answered nothing yet.")
  }

  var calls: String {
    let rows = samples("circuit_breakers_not_closed").map { process, sample -> [HTML.Cell] in
      let callee = sample.labels["breakers"] ?? ""
      func value(_ name: String, _ label: String) -> Double {
        process.page.sum(name, where: [label: callee]) ?? 0
      }
      let (notClosed, all) = (sample.value, value("circuit_breakers", "breakers"))
      let refused = value("retry_budget_refused_total", "budget")
      return [
        .text(process.target.name), .text(callee),
        .number("\(Figure.number(notClosed)) of \(Figure.number(all))", isBad: notClosed > 0),
        .number(Figure.number(value("circuit_breakers_openings_total", "breakers"))),
        .number(Figure.number(value("retry_budget_available", "budget"))),
        .number(Figure.number(value("retry_budget_granted_total", "budget"))),
        .number(Figure.number(refused), isBad: refused > 0),
      ]
    }
    return table(
      ["caller", "callee", "not closed", "openings", "retries left", "retried", "refused"], rows,
      otherwise: "No process calls another one.")
  }

  var bulkheads: String {
    let rows = samples("bulkhead_limit").map { process, limit -> [HTML.Cell] in
      let name = limit.labels["bulkhead"] ?? ""
      func value(_ metric: String) -> Double { process.page.sum(metric, where: ["bulkhead": name]) ?? 0 }
      let rejected = value("bulkhead_rejected_calls_total")
      return [
        .text(process.target.name),
        .number("\(Figure.number(value("bulkhead_in_use"))) of \(Figure.number(limit.value))"),
        .number(Figure.number(value("bulkhead_waiting_calls"))),
        .number(Figure.number(rejected), isBad: rejected > 0),
      ]
    }
    return table(["process", "in use", "waiting", "refused"], rows, otherwise: "No process has a bound.")
  }

  /// Of rates.
  var limits: String {
    func rows(_ prefix: String, isShared: Bool) -> [[HTML.Cell]] {
      samples("\(prefix)_acquired_permits_total").map { process, sample in
        let name = sample.labels["limiter"] ?? ""
        func value(_ metric: String) -> Double {
          process.page.sum("\(prefix)_\(metric)", where: ["limiter": name]) ?? 0
        }
        let isAway = isShared && value("away") > 0
        let holder = isAway ? "its share: Redis is away" : isShared ? "all processes" : "the process"
        return [
          .text(process.target.name), .text(name), .text(holder, isBad: isAway),
          .number(Figure.number(sample.value)),
          .number(Figure.number(value("refused_calls_total"))),
        ]
      }
    }
    return table(
      ["process", "limit", "of", "let through", "refused"],
      rows("shared_rate_limiter", isShared: true) + rows("rate_limiter", isShared: false),
      otherwise: "No process has a limit.")
  }

  var events: String {
    let outboxes = samples("outbox_pending_events").map { process, sample -> [HTML.Cell] in
      let refused = process.page.sum("outbox_refused_events") ?? 0
      return [
        .text(process.target.name), .number(Figure.number(sample.value)),
        .number(Figure.number(refused), isBad: refused > 0),
      ]
    }
    let groups = samples("event_broker_lag")
    let behind = groups.filter { $0.sample.value > 0 }.sorted { $0.sample.value > $1.sample.value }
    let letters = samples("event_broker_dead_letters").reduce(0) { $0 + $1.sample.value }
    let lags = HTML.note(
      groups.isEmpty
        ? "No process serves what waits at the broker: it is not the hub."
        : "Groups at the broker that are behind: \(behind.count) of \(groups.count). "
          + "Dead letters that it keeps: \(Figure.number(letters)).")
    return table(["outbox of", "waiting", "refused"], outboxes, otherwise: "There is no outbox.") + lags
      + (behind.isEmpty
        ? ""
        : HTML.table(
          ["group", "events behind"],
          behind.prefix(30).map {
            [.text($0.sample.labels["group"] ?? ""), .number(Figure.number($0.sample.value))]
          }))
  }

  var registry: String {
    let stale = samples("registry_stale")
    let rows = stale.filter { $0.sample.value > 0 }.map { process, sample -> [HTML.Cell] in
      [.text(process.target.name), .text(sample.labels["service"] ?? "", isBad: true)]
    }
    let followers = Set(stale.map(\.process.target)).count
    return table(
      ["process", "does not hear of"], rows,
      otherwise: "\(followers) processes follow others, and all of them hear where these are.")
  }

  private func table(_ heads: [String], _ rows: [[HTML.Cell]], otherwise: String) -> String {
    rows.isEmpty ? HTML.note(otherwise) : HTML.table(heads, rows)
  }
}
