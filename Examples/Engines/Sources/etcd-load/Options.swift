import Resilience

/// What the command line says.
struct Options {
  var instances = 1000
  var processes = 20
  var kills = 20
  var ttl = 3
  /// For one of the processes: which, and where etcd is.
  var worker: (number: Int, endpoint: String)?

  init(_ arguments: [String]) {
    func value(_ name: String) -> String? {
      arguments.firstIndex(of: name).flatMap { arguments.indices.contains($0 + 1) ? arguments[$0 + 1] : nil }
    }
    func number(_ name: String, _ standard: Int) -> Int {
      max(1, value(name).flatMap { Int($0) } ?? standard)
    }
    processes = number("--processes", processes)
    instances = number("--instances", instances) / processes * processes
    kills = number("--kills", kills)
    ttl = number("--ttl", ttl)
    if let name = value("--worker").flatMap({ Int($0) }), let endpoint = value("--endpoint") {
      worker = (name, endpoint)
    }
  }

  var service: String { "shop" }

  /// The instances of one process.
  func ids(of process: Int) -> [String] {
    (0..<instances / processes).map { "\(process)-\($0)" }
  }

  func workerArguments(_ number: Int, _ endpoint: String) -> [String] {
    [
      "--worker", "\(number)", "--endpoint", endpoint, "--instances", "\(instances)", "--processes",
      "\(processes)", "--ttl", "\(ttl)",
    ]
  }
}
