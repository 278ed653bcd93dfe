import Resilience

/// Satisfaction: how happy customers are, from 5 for an order that leaves the house within ten minutes.
final class Satisfaction: Sendable {
  private let scores = Tally()

  init(_ house: House) {
    house.subscribe(to: Topic.orderShipped, as: "satisfaction") { [scores] event in
      let minutes = event.data.created.nanoseconds(to: CallContext.current.readClock()) / 60_000_000_000
      scores.count("answers")
      scores.count("points", by: Int(max(1, 5 - minutes / 10)))
    }
  }

  /// The mean of all answers, 1 to 5; 0 before the first.
  var score: Double { scores["answers"] == 0 ? 0 : Double(scores["points"]) / Double(scores["answers"]) }
}
