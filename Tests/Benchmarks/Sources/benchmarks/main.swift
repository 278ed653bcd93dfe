// Measures the cases; `run` beside Package.swift builds it, has callgrind count instructions, and passes them
// on.
//
// Without arguments it measures everything. Patterns select cases; options are in Options.swift.

import Counters
import Glibc

let options = Options(CommandLine.arguments.dropFirst())
let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
let (rows, rowsOfMoreCores) = (
  allRows().filter { $0.threads <= cores }, allRows().filter { $0.threads > cores }
)
let cases = Case.select(options.patterns, from: rows)
if !rowsOfMoreCores.isEmpty, options.task == .measure, options.patterns.isEmpty {
  // Threads that share a core wait for their turn, and say nothing of the object that they share.
  warn("\(rowsOfMoreCores.count) cases are left out: they need more than \(cores) cores")
}
if cases.isEmpty { fail("no case contains \(options.patterns)") }

var harness = Harness()
harness.countsTime = options.countsTime
harness.plant = options.plant.map { Plant(kind: $0, baseline: readBaseline()) }

switch options.task {
case .list:
  for item in cases { print(item.name) }
  exit(0)
case .checkPerf:
  exit(perf_open() == 0 ? 0 : 1)
case .measure, .gate, .updateBaseline:
  break
}

if valgrind_runs() {
  for item in cases { try await harness.countUnderCallgrind(item) }
  exit(0)
}

harness.hasPerf = options.counter == "perf"
if harness.hasPerf, perf_open() != 0 { fail("perf_event_open does not work here") }
let counted = options.instructions.map(readInstructions) ?? [:]
var measurements: [Measurement] = []
for item in cases {
  var measurement = try await harness.measure(item)
  if !harness.hasPerf { measurement.instructions = counted[item.name] }
  measurements.append(measurement)
}

let report = Report(about: options.about, counter: options.counter, measurements: measurements)
if let path = options.json { writeFile(path, report.json) }

let writtenBaseline = options.writtenBaseline ?? (options.task == .updateBaseline ? options.baseline : nil)
if let path = writtenBaseline {
  writeFile(path, Baseline.text(of: measurements, counter: options.counter))
}

switch options.task {
case .gate:
  for target in report.missedTargets { print("MISSED \(target), and no reason is given") }
  let gate = readBaseline().gate(
    measurements, of: cases, isWhole: options.patterns.isEmpty, counter: options.counter)
  exit(report.missedTargets.isEmpty ? gate : 1)
case .updateBaseline:
  break
default:
  print(options.isMarkdown ? report.markdown : report.text)
}

func readBaseline() -> Baseline { Baseline(options.baseline.flatMap(readFile) ?? "") }

/// What `run` has read from callgrind's file: for each case lines with instructions, operations and name,
/// some of them for no operation. Of several the least, since other threads of the process are counted too.
func readInstructions(_ path: String) -> [String: Double] {
  var totals: [String: [Double: Double]] = [:]
  for line in (readFile(path) ?? "").split(separator: "\n") {
    let parts = line.split(separator: " ", maxSplits: 2)
    guard parts.count == 3, let total = Double(parts[0]), let count = Double(parts[1]) else { continue }
    let name = String(parts[2])
    totals[name, default: [:]][count] = min(total, totals[name]?[count] ?? total)
  }
  return totals.compactMapValues { totals in
    guard let none = totals[0], let (count, all) = totals.first(where: { $0.key > 0 }) else { return nil }
    return (all - none) / count
  }
}
