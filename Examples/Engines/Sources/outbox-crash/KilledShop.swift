import Foundation

/// A shop in a process that was killed, and what it has said.
struct KilledShop {
  /// When it is killed, in seconds.
  enum Moment {
    /// After its start.
    case opening(Double)
    /// After it has said that it is ready.
    case selling(Double)
  }

  /// The seconds until it was ready; `nil` when it was killed before.
  let opening: Double?
  /// The lines of orders that it has acknowledged.
  let orders: [String]

  /// Starts a shop, and waits until it is killed: no wait here lasts longer than it lives.
  init(in folder: String, first: Int, at moment: Moment) throws {
    let process = Process()
    process.executableURL = URL(filePath: CommandLine.arguments[0]).absoluteURL
    process.arguments = ["shop", folder, "\(first)"]
    let output = Pipe()
    process.standardOutput = output
    let begin = ContinuousClock.now
    try process.run()
    var kill: DispatchWorkItem
    switch moment {
    case .opening(let seconds): kill = Self.kill(process, after: seconds)
    case .selling: kill = Self.kill(process, after: 30)
    }
    var (bytes, opening) = (Data(), Double?.none)
    while !bytes.contains(0x0A) {
      let part = output.fileHandleForReading.availableData
      if part.isEmpty { break }
      bytes += part
      if bytes.contains(0x0A) { opening = (ContinuousClock.now - begin) / .seconds(1) }
    }
    if case .selling(let seconds) = moment {
      guard opening != nil else { throw Problem("the shop was not ready after 30 s, or has ended") }
      kill.cancel()
      kill = Self.kill(process, after: seconds)
    }
    bytes += output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    kill.cancel()
    guard process.terminationReason == .uncaughtSignal, process.terminationStatus == SIGKILL else {
      throw Problem("the shop ended by itself, with status \(process.terminationStatus)")
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    guard lines.isEmpty || lines[0] == "ready" else { throw Problem("the shop has said \(lines[0]) first") }
    self.opening = opening
    orders = Array(lines.dropFirst())
  }

  private static func kill(_ process: Process, after seconds: Double) -> DispatchWorkItem {
    let identifier = process.processIdentifier
    let item = DispatchWorkItem { _ = Foundation.kill(identifier, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + seconds, execute: item)
    return item
  }
}
