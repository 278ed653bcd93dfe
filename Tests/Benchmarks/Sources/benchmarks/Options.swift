/// What the program is asked to do.
struct Options {
  enum Task {
    case measure, list, gate, updateBaseline, checkPerf
  }

  var task = Task.measure
  var patterns: [String] = []
  var about: [String] = []
  var counter = "none"
  var instructions: String?
  var baseline: String?
  var writtenBaseline: String?
  var json: String?
  var plant: Plant.Kind?
  var isMarkdown = false
  var countsTime = true

  init(_ arguments: some Sequence<String>) {
    var rest = arguments.makeIterator()
    while let argument = rest.next() {
      func value() -> String {
        guard let value = rest.next() else { fail("\(argument) needs a value") }
        return value
      }
      switch argument {
      case "--list": task = .list
      case "--check-perf": task = .checkPerf
      case "--gate": (task, countsTime) = (.gate, false)
      case "--update-baseline": (task, countsTime) = (.updateBaseline, false)
      case "--no-time": countsTime = false
      case "--markdown": isMarkdown = true
      case "--write-baseline": writtenBaseline = value()
      case "--json": json = value()
      case "--about": about.append(value())
      case "--counter": counter = value()
      case "--instructions": instructions = value()
      case "--baseline": baseline = value()
      case "--plant":
        guard let kind = Plant.Kind(rawValue: value()) else { fail("--plant instructions or allocations") }
        plant = kind
      case _ where argument.hasPrefix("--"): fail("unknown option \(argument)")
      default: patterns.append(argument)
      }
    }
  }
}
