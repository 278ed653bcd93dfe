import Foundation

/// A port of loopback that nobody listens on.
enum FreePort {
  struct NoneFree: Error {}

  /// Below the range that the system gives to connections that go out (from 32768 on Linux), so that it is
  /// still free when a process is started again.
  static func pick() throws -> Int {
    for _ in 0..<100 {
      let port = Int.random(in: 20_000..<32_000)
      if isFree(port) { return port }
    }
    throw NoneFree()
  }

  static func isFree(_ port: Int) -> Bool { attempt("127.0.0.1", port, bind) }

  /// Whether somebody accepts connections.
  ///
  /// - Parameter host: An IPv4 address of this machine.
  static func isListening(_ host: String, _ port: Int) -> Bool { attempt(host, port, connect) }

  private static func attempt(
    _ host: String, _ port: Int, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    // As servers do: connections of the past that are not forgotten yet do not matter.
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr = in_addr(s_addr: inet_addr(host))
    return withUnsafePointer(to: &address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
