import ArgumentParser

/// What the contract with the card provider says.
struct ChargeOptions: ParsableArguments, Sendable {
  @Option(help: "How many cards all instances of payments together charge in a second at most.")
  var chargesPerSecond = ChargeLimit.builtInPerSecond

  func validate() throws {
    guard (1...1_000_000).contains(chargesPerSecond) else {
      throw ValidationError("\(chargesPerSecond) charges a second are not from 1 to 1000000")
    }
  }

  /// As options, for a process that is started.
  var options: [String] { ["--charges-per-second", "\(chargesPerSecond)"] }
}
