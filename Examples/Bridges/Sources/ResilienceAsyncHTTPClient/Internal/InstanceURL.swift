internal import Resilience

/// Where an instance is, as the first part of a URL.
struct InstanceURL: Sendable {
  /// With a scheme, if the address says one.
  private let origin: String
  private let hasScheme: Bool

  init(_ instance: ServiceInstance) {
    var address = instance.address[...]
    if address.hasPrefix("unix:") || address.hasPrefix("/") {
      if address.hasPrefix("unix:") { address = address.dropFirst(5) }
      while address.hasPrefix("//") { address = address.dropFirst() }
      origin = "http+unix://" + Self.percentEncoded(address)
      hasScheme = true
    } else {
      while address.hasSuffix("/") { address = address.dropLast() }
      origin = String(address)
      hasScheme = address.contains("://")
    }
  }

  /// The URL with its scheme, host and port replaced by the instance's. It may have none, and be a path.
  func replacingOrigin(of url: String) -> String {
    let bytes = url.utf8
    var scheme = "http"[...]
    var path = url[...]
    if let colon = bytes.firstIndex(where: { $0 == 0x3A || $0 == 0x2F || $0 == 0x3F }),
      url[colon...].hasPrefix("://")
    {
      scheme = url[..<colon]
      let host = bytes.index(colon, offsetBy: 3)
      path = url[(bytes[host...].firstIndex { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 } ?? bytes.endIndex)...]
    }
    let slash = path.utf8.first == 0x2F ? "" : "/"
    return hasScheme ? "\(origin)\(slash)\(path)" : "\(scheme)://\(origin)\(slash)\(path)"
  }

  private static func percentEncoded(_ path: Substring) -> String {
    var text = ""
    for byte in path.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let hexadecimal = String(byte, radix: 16, uppercase: true)
        text += "%" + (byte < 16 ? "0" : "") + hexadecimal
      }
    }
    return text
  }
}
