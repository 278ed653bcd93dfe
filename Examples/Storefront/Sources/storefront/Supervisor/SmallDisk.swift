import Foundation
import SystemPackage

/// A small disk that can be filled up.
struct SmallDisk: Sendable {
  private let filler: FilePath

  /// - Parameter directory: Where it is mounted.
  init(in directory: String) { filler = FilePath("\(directory)/filler") }

  /// Takes all the room that there is.
  func fill() throws {
    let file = try FileDescriptor.open(
      filler, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
    try file.closeAfter {
      var size = 1 << 20
      while size > 0 {
        let block = [UInt8](repeating: 0, count: size)
        do {
          while try block.withUnsafeBytes({ try file.write($0) }) == size {}
        } catch Errno.noSpace {}
        size /= 16
      }
    }
  }

  /// Gives it back.
  func free() throws { try FileManager.default.removeItem(atPath: filler.string) }
}
