import FuzzDriver

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

nonisolated(unsafe) private var target: ([UInt8]) -> Void = { _ in }

/// Hands libFuzzer's inputs to `body` as the text of a header, for as long as the command line says: what is
/// not UTF-8 becomes U+FFFD, as it would on the way here.
public func fuzz(_ body: @escaping (String) -> Void) -> Never {
  fuzzBytes { body(String(decoding: $0, as: UTF8.self)) }
}

/// Hands libFuzzer's inputs to `body` as they are.
public func fuzzBytes(_ body: @escaping ([UInt8]) -> Void) -> Never {
  target = body
  var count = CommandLine.argc
  var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
  exit(
    LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
      target(Array(UnsafeBufferPointer(start: bytes, count: count)))
      return 0
    })
}
