import Foundation

/// What has to be there before the processes start, so that some faults can be tried on them.
struct FaultEquipment: Sendable {
  /// Each process has a network namespace of its own.
  var isIsolated = false
  /// Services whose folder is a disk of its own, and small.
  var smallDisks: Set<String> = []
  /// Processes whose clock can be set.
  var clocks: Set<String> = []

  /// Of a small disk, in MiB: a day's events need some.
  static let diskSize = 64

  /// Why the network between processes cannot be cut here; `nil` where it can.
  static var whyNoNetwork: String? {
    if let reason = whyNotRoot { return reason }
    let missing = ["ip", "iptables"].filter { Shell.path(of: $0) == nil }
    return missing.isEmpty ? nil : "\(missing.joined(separator: " and ")) is not installed"
  }

  /// Why no small disk can be made here; `nil` where it can.
  static var whyNoDisk: String? { whyNotRoot }

  /// Why the clock of a process cannot be set here; `nil` where it can.
  static var whyNoClock: String? {
    FileManager.default.fileExists(atPath: clockLibrary)
      ? nil : "\(clockLibrary) is not there: `swift build` builds it on Linux, and `swift run` does not"
  }

  static var clockLibrary: String {
    URL(filePath: Program.path).deletingLastPathComponent().appending(path: "libStorefrontClock.so").path
  }

  private static var whyNotRoot: String? {
    #if os(Linux)
      geteuid() == 0 ? nil : "that takes root"
    #else
      "that takes Linux"
    #endif
  }

  func mounts(in directory: String) -> [String] {
    smallDisks.sorted().map {
      "mount -t tmpfs -o size=\(Self.diskSize)m storefront " + Shell.quoted("\(directory)/\($0)")
    }
  }

  func unmounts(in directory: String) -> [String] {
    smallDisks.sorted().map { "umount -l " + Shell.quoted("\(directory)/\($0)") }
  }
}
