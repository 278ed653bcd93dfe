import Foundation
import Logging

/// This program: what starts itself again, and tells of it.
enum Program {
  static var path: String { Bundle.main.executablePath ?? CommandLine.arguments[0] }

  static var logger: Logger { Logger(label: "storefront", factory: { JSONLogHandler(label: $0) }) }
}
