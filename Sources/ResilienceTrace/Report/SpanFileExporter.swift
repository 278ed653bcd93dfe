internal import ResilienceCore

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Appends spans to a file: one OTLP/JSON document a line, as OpenTelemetry's file exporter writes them.
///
/// The file is opened for each batch, so that it may be moved away at any time. A batch that does not fit on
/// the disk is taken back, so that no half line stays. Writing blocks the thread that runs the
/// ``SpanReporter`` for as long as the disk takes, and no other.
public struct SpanFileExporter: SpanExporter {
  /// The file's path; it is created when it is not there, readable by its owner only.
  public let path: String

  /// What writes the lines.
  public let encoder: OTLPEncoder

  /// Creates an exporter.
  ///
  /// - Parameters:
  ///   - path: The file's path.
  ///   - encoder: What writes the lines. Default: OTLP/JSON without a resource but the service's name.
  public init(path: String, encoder: OTLPEncoder = OTLPEncoder()) {
    self.path = path
    self.encoder = encoder
  }

  /// Appends one batch.
  ///
  /// - Throws: ``SpanFileError`` when the file cannot be opened or written.
  public func export(_ batch: SpanBatch) async throws {
    let line = encoder.encode(batch) + [UInt8(ascii: "\n")]
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw SpanFileError(path: path, operation: "open", code: errno) }
    defer { close(file) }
    let size = lseek(file, 0, SEEK_END)
    var written = 0
    while written < line.count {
      let count = line.withUnsafeBytes {
        write(file, $0.baseAddress.map { $0 + written }, line.count - written)
      }
      if count < 0 {
        let code = errno
        if code == EINTR { continue }
        if size >= 0, written > 0 { _ = ftruncate(file, size) }
        throw SpanFileError(path: path, operation: "write", code: code)
      }
      written += count
    }
  }
}
