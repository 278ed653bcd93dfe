#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Nobody accepted a connection.
public struct TCPConnectFailed: Error, Hashable, CustomStringConvertible {
  /// Where it was tried.
  public let address: String

  /// The system's `errno`.
  public let code: Int32

  init(_ address: String, _ code: Int32) {
    self.address = address
    self.code = code
  }

  /// The address and the system's reason.
  public var description: String {
    "no connection to \(address): \(strerror(code).map { String(cString: $0) } ?? "error \(code)")"
  }
}
