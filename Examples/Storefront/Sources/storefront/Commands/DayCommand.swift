import ArgumentParser
import Foundation
import Synchronization

/// A real day, played against the whole shop.
struct DayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "day", abstract: "Play a day of invoices through the gateway, and check the books.",
    discussion: """
      Ends with 1 if a promise was broken, a customer left without an order, or a fault was not repaired; with 2 for a \
      file that it cannot read, and with 130 when it is interrupted.
      """)

  @Argument(help: "Invoices in the columns of the UCI \"Online Retail\" data set.")
  var file: String

  @Option(
    help: """
      How long customers come, in seconds. Default: 30, or as long as the faults take. Faults that are left then \
      come all the same.
      """)
  var seconds: Int?

  @Option(help: "Keep databases, events and logs here. Default: a temporary folder that goes.")
  var directory: String?

  @OptionGroup(title: "Faults") var faultOptions: FaultOptions

  @OptionGroup var charges: ChargeOptions

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if let seconds, !(1...86_400).contains(seconds) {
      throw ValidationError("a day of \(seconds) s cannot be played")
    }
  }

  func run() async throws {
    let day: DayFile
    do {
      day = try DayFile(path: file)
    } catch {
      try FileHandle.standardError.write(contentsOf: Data("\(error)\n".utf8))
      throw ExitCode(2)
    }
    let folder = directory ?? NSTemporaryDirectory() + "storefront-\(UUID().uuidString)"
    defer { if directory == nil { try? FileManager.default.removeItem(atPath: folder) } }
    let plan = try SupervisorPlan(
      directory: folder, engines: shared.engines.list, instances: shared.instances, program: Program.path,
      charges: charges, collector: shared.collector, equipment: faultOptions.equipment(shared.engines.list))
    let faults = try faultOptions.faults(on: plan)
    let duration = seconds.map { .seconds($0) } ?? SupervisedDay.duration(with: faults)
    let supervisor = try Supervisor(plan, staffKey: UUID().uuidString, logger: Program.logger)
    let report = Mutex<DayReport?>(nil)
    try await Interruption.watching {
      let played = try await SupervisedDay(
        supervisor: supervisor, file: day, duration: duration, faults: faults
      ).run()
      report.withLock { $0 = played }
    }
    guard let report = report.withLock({ $0 }) else { throw ExitCode(130) }
    print(report.text)
    for kind in faultOptions.skipped { print("skipped  \(kind)") }
    if !report.isSound { throw ExitCode(1) }
  }
}
