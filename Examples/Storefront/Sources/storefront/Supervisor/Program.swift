import Foundation

/// This program, to start it again.
enum Program {
  static var path: String { Bundle.main.executablePath ?? CommandLine.arguments[0] }
}
