import Foundation

/// A network namespace for each process, all on one bridge, so that what is between two of them can be cut.
struct ShopNetwork: Sendable {
  /// Unlike that of any other shop on this machine.
  private let prefix = "sf\(getpid())"
  private let subnet = "10.\(200 + Int(getpid()) / 256 % 50).\(Int(getpid()) % 256)"
  private let tool: String
  private(set) var names: [String] = []

  /// - Parameter tool: The program `ip`.
  init(tool: String) { self.tool = tool }

  /// Gives a process a namespace.
  ///
  /// - Returns: Its address, and what its command begins with.
  mutating func add(_ name: String) -> (address: String, launcher: [String]) {
    names.append(name)
    return (address(of: name), [tool, "netns", "exec", namespace(of: name)])
  }

  private func number(of name: String) -> Int { names.firstIndex(of: name) ?? 0 }

  private func namespace(of name: String) -> String { "\(prefix)-\(name)" }

  private func address(of name: String) -> String { "\(subnet).\(2 + number(of: name))" }

  var setUp: [String] {
    [
      "ip link add \(prefix) type bridge", "ip addr add \(subnet).1/24 dev \(prefix)",
      "ip link set \(prefix) up",
    ]
      + names.flatMap { name in
        let (space, end) = (namespace(of: name), "\(prefix)v\(number(of: name))")
        return [
          "ip netns add \(space)", "ip link add \(end) type veth peer name eth0 netns \(space)",
          "ip link set \(end) master \(prefix) up",
          "ip -n \(space) addr add \(address(of: name))/24 dev eth0",
          "ip -n \(space) link set eth0 up", "ip -n \(space) link set lo up",
        ]
      }
  }

  var takeDown: [String] {
    names.flatMap { ["ip link del \(prefix)v\(number(of: $0))", "ip netns del \(namespace(of: $0))"] }
      + ["ip link del \(prefix)"]
  }

  enum Cut: Hashable, Sendable {
    /// What is sent is gone, and nobody hears of it.
    case silent
    /// Connections are reset.
    case resetting

    fileprivate var target: String { self == .silent ? "DROP" : "REJECT --reject-with tcp-reset" }
  }

  /// Lets nothing pass between two processes; all others reach both.
  func cut(_ one: String, _ other: String, _ cut: Cut) async throws {
    try await Shell.run(rules("-A", one, other, cut).joined(separator: "\n"))
  }

  /// Lets all pass again.
  ///
  /// - Returns: How many packets did not pass.
  func mend(_ one: String, _ other: String, _ cut: Cut) async throws -> Int {
    // The cut ends whatever becomes of the counts.
    let script = ["\(command(one)) -L -v -x -n || true"] + rules("-D", one, other, cut)
    let table = try await Shell.run(script.joined(separator: "\n"))
    let address = address(of: other)
    return table.split(separator: "\n").filter { $0.contains(address) }
      .compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }.reduce(0, +)
  }

  private func command(_ name: String) -> String {
    "ip netns exec \(namespace(of: name)) iptables -w 5"
  }

  private func rules(_ verb: String, _ one: String, _ other: String, _ cut: Cut) -> [String] {
    [("OUTPUT", "-d"), ("INPUT", "-s")].map { chain, side in
      "\(command(one)) \(verb) \(chain) -p tcp \(side) \(address(of: other)) -j \(cut.target)"
    }
  }
}
