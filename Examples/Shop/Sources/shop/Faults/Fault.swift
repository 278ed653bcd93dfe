/// One thing that goes wrong today, and what the day survives it by.
struct Fault: Sendable {
  enum Time: Sendable {
    /// From a second to another one.
    case window(Range<Int>)
    /// At these seconds.
    case moments([Int])
    case allDay
  }

  /// A line of the shop's code, as it stands in a file below `Sources/shop`.
  struct Line: Sendable {
    var file: String
    var code: String
  }

  var name: String
  var time: Time
  /// What goes wrong, as a sentence without its end.
  var what: String
  /// What the day survives it by.
  var lines: [Line]
  /// What those lines did, in the figures of the run with the toolkit.
  var did: @Sendable (Figures) -> String
}
