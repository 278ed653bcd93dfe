import ArgumentParser

/// What the commands that run the whole shop have in common.
struct SharedOptions: ParsableArguments, Sendable {
  /// Engines, separated by commas.
  struct Engines: ExpressibleByArgument, Sendable {
    var list: [Engine] = []

    init() {}

    /// - Parameter argument: Names, or `installed` for all that can be started here.
    init?(argument: String) {
      if argument == "installed" {
        list = Engine.allCases.filter(\.canStart)
        return
      }
      for name in argument.split(separator: ",") {
        guard let engine = Engine(rawValue: String(name)) else { return nil }
        list.append(engine)
      }
    }
  }

  @Option(
    help: """
      Engines to start and to use, separated by commas: etcd for the registry, redis for the limits that
      processes share and for the events, kafka for the events; or installed, for those that are.
      """)
  var engines = Engines()

  @Option(help: "How many processes there are of each service but the gateway, analytics and the monitor.")
  var instances = 1

  @Option(help: "Where spans go as OTLP/JSON, such as http://127.0.0.1:4318; by default to the monitor.")
  var collector: String?

  func validate() throws {
    guard (1...20).contains(instances) else {
      throw ValidationError("\(instances) instances are not from 1 to 20")
    }
  }
}

extension SharedOptions.Engines: CustomStringConvertible {
  var description: String { list.isEmpty ? "none" : list.map(\.rawValue).joined(separator: ",") }
}
