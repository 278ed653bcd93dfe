/// When the doors open and close: from the first visit to the last, with some minutes on either side.
struct Timetable: Sendable {
  static let marginSeconds = 300

  let opening: Int
  let openSeconds: Int
  private let busiestSecond: Int
  private let busyRequestsPerSecond: Double

  init(_ invoices: [Invoice]) {
    let first = invoices.map { $0.second - Traffic.leadSeconds($0) }.min() ?? 9 * 3600
    let last = invoices.map(\.second).max() ?? 17 * 3600
    opening = first - Self.marginSeconds
    openSeconds = last - opening + Self.marginSeconds
    busiestSecond = Self.busiest(invoices) - opening
    busyRequestsPerSecond = Double(Self.requestsByMinute(invoices).values.max() ?? 0) / 60
  }

  var day: DayClock { DayClock(opening: opening) }
  var faults: FaultSchedule {
    FaultSchedule(
      openSeconds: openSeconds, busiestSecond: busiestSecond, busyRequestsPerSecond: busyRequestsPerSecond)
  }

  /// The start of the visit during which most other visits begin.
  private static func busiest(_ invoices: [Invoice]) -> Int {
    let starts = invoices.map { $0.second - Traffic.leadSeconds($0) }.sorted()
    func visits(from start: Int) -> Int {
      starts.count { (start..<(start + FaultSchedule.floodSeconds)).contains($0) }
    }
    return starts.max { visits(from: $0) < visits(from: $1) } ?? 12 * 3600
  }

  /// The customers' requests in each minute of the day, if each visit spreads its own evenly.
  private static func requestsByMinute(_ invoices: [Invoice]) -> [Int: Int] {
    var requests: [Int: Int] = [:]
    for invoice in invoices {
      let (start, count) = (invoice.second - Traffic.leadSeconds(invoice), Traffic.requests(invoice))
      for index in 0..<count {
        requests[(start + index * Traffic.leadSeconds(invoice) / count) / 60, default: 0] += 1
      }
    }
    return requests
  }
}
