import Hummingbird
import Resilience
import Synchronization

/// Counts what a service answers, by route and by class of status, and how long it takes.
///
/// The labels are routes that the program has, so that no request can make a new one.
final class AnswerMeter: Sendable {
  static let totalName = "http_server_answers_total"
  /// For paths and methods that there are not.
  static let noRoute = "none"
  static let durationName = "http_server_answer_duration_seconds"
  /// In seconds.
  private static let bounds = CallMeter.defaultBounds.map { $0 / .seconds(1) }

  private struct Series {
    var statuses: [String: Int] = [:]
    var buckets = Array(repeating: 0, count: bounds.count)
    var sum = 0.0

    var count: Int { statuses.values.reduce(0, +) }
  }

  /// Of what nobody has asked for yet there is a series, too: so that an alert knows the metric.
  private let routes = Mutex([noRoute: Series(statuses: ["4xx": 0])])

  func add(route: String, status: Int, seconds: Double) {
    let kind = (100..<600).contains(status) ? "\(status / 100)xx" : "other"
    routes.withLock { routes in
      routes[route, default: Series()].statuses[kind, default: 0] += 1
      routes[route, default: Series()].sum += seconds
      for (index, bound) in Self.bounds.enumerated() where seconds <= bound {
        routes[route, default: Series()].buckets[index] += 1
      }
    }
  }

  func snapshot() -> some MetricSource { Snapshot(routes: routes.withLock { $0 }.sorted { $0.key < $1.key }) }

  private struct Snapshot: MetricSource {
    var routes: [(key: String, value: Series)]

    var metrics: [Metric] {
      let totals = routes.flatMap { route, series in
        series.statuses.sorted { $0.key < $1.key }.map { status, count in
          Metric(
            AnswerMeter.totalName, .counter, Double(count),
            labels: [Metric.Label("route", route), Metric.Label("status", status)],
            help: "Answers, by route and by class of status; a refusal is one, too.")
        }
      }
      let durations = routes.map { route, series in
        Metric(
          AnswerMeter.durationName,
          Metric.Histogram(
            buckets: zip(AnswerMeter.bounds, series.buckets).map {
              Metric.Histogram.Bucket(upperBound: $0, count: $1)
            }, count: series.count, sum: series.sum),
          labels: [Metric.Label("route", route)],
          help: "How long answers took, from the request's head to the answer's.")
      }
      return totals + durations
    }
  }
}

/// Counts each answer; the first of all middlewares, so that what the others refuse is counted too.
struct AnswerMiddleware: RouterMiddleware {
  let meter: AnswerMeter

  func handle(
    _ request: Request, context: StorefrontContext,
    next: @concurrent (Request, StorefrontContext) async throws -> Response
  ) async throws -> Response {
    var call = CallContext.current
    let begin = call.now
    func count(_ status: Int) {
      let seconds = Double(begin.nanoseconds(to: call.readClock())) / 1e9
      meter.add(route: Self.route(request, context), status: status, seconds: max(0, seconds))
    }
    do {
      let response = try await next(request, context)
      count(response.status.code)
      return response
    } catch {
      // As the server answers it.
      count((error as? any HTTPResponseError)?.status.code ?? 500)
      throw error
    }
  }

  /// Such as `GET /products/{sku}`; ``AnswerMeter/noRoute`` for a path that there is not, whatever it is.
  private static func route(_ request: Request, _ context: StorefrontContext) -> String {
    guard let path = context.endpointPath, path != "NotFound" else { return AnswerMeter.noRoute }
    return "\(request.method.rawValue) \(path)"
  }
}
