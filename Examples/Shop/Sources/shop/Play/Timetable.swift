import Resilience

/// When the doors open and close: from the first visit to the last, with some minutes on either side.
struct Timetable: Sendable {
  static let marginSeconds = 300

  let opening: Int
  let openSeconds: Int

  init(_ invoices: [Invoice]) {
    let first = invoices.map { $0.second - Traffic.leadSeconds($0) }.min() ?? 9 * 3600
    let last = invoices.map(\.second).max() ?? 17 * 3600
    opening = first - Self.marginSeconds
    openSeconds = last - opening + Self.marginSeconds
  }

  var day: DayClock { DayClock(opening: opening) }
  var faults: FaultSchedule { FaultSchedule(openSeconds: openSeconds) }
}
