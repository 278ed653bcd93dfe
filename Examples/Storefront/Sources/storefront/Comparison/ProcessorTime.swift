import Foundation

/// How much of the processors' time processes have used so far, by name.
enum ProcessorTime {
  struct NotThere: Error, CustomStringConvertible {
    var process: pid_t
    var description: String {
      "the processor time of process \(process) cannot be read; it is Linux that tells"
    }
  }

  /// - Throws: ``NotThere`` for a process that is gone, and where there is no `/proc`.
  static func now(of processes: [String: pid_t]) throws -> [String: Duration] {
    let ticksPerSecond = max(1, sysconf(Int32(_SC_CLK_TCK)))
    return try processes.mapValues { process in
      // The name, in parentheses, may have blanks in it. Then come the state and, as 12th and 13th, the times.
      guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
        let end = text.lastIndex(of: ")")
      else { throw NotThere(process: process) }
      let fields = text[end...].split(separator: " ")
      guard fields.count > 13, let user = Int64(fields[12]), let system = Int64(fields[13]) else {
        throw NotThere(process: process)
      }
      return .seconds(1) * Double(user + system) / Double(ticksPerSecond)
    }
  }
}
