/// What happened, in sentences.
struct Headline {
  let result: DayResult

  /// The day in one sentence.
  var sentence: String {
    let (bare, toolkit) = (result.bare.orders, result.toolkit.orders)
    return
      "Under the same faults, bare calls shipped \(bare.completed) of \(bare.valid) orders, lost \(bare.lost) "
      + "and charged \(bare.chargedTwice) twice; with the toolkit \(toolkit.completed) of \(toolkit.valid) were "
      + "shipped, \(toolkit.lost) lost and \(toolkit.chargedTwice) charged twice."
  }

  /// Why the time from placing to shipping may be longer with the toolkit; empty when it is not.
  var latencyNote: String {
    let (bare, toolkit) = (result.bare, result.toolkit)
    guard toolkit.systemLatencySeconds > bare.systemLatencySeconds else { return "" }
    return
      "The mean time from placing to shipping is longer with the toolkit "
      + "(\(seconds(toolkit.systemLatencySeconds)) against \(seconds(bare.systemLatencySeconds))) because an "
      + "order that meets trouble waits for a redelivery until the trouble is over, and is then shipped, late. "
      + "A bare order that meets trouble is shipped at once, by luck, or never: \(bare.orders.lost) were lost, "
      + "and what is not shipped is in no mean. The median is \(seconds(toolkit.medianLatencySeconds)) with the "
      + "toolkit and \(seconds(bare.medianLatencySeconds)) bare."
  }

  private func seconds(_ value: Double) -> String { "\(Decimal.text(value, 1)) s" }
}
