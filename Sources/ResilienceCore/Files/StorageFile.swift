/// An open file of a ``StorageDirectory``; it is closed when the last reference to it goes.
public protocol StorageFile: Sendable {
  /// The path, for errors.
  var path: String { get }

  /// The length in bytes.
  func size() async throws(StorageError) -> Int

  /// Reads as many bytes as asked for, or fewer at the end of the file.
  func read(at position: Int, count: Int) async throws(StorageError) -> [UInt8]

  /// Writes all bytes, into the operating system's memory: a file that is too short grows.
  ///
  /// After an error, any part of the bytes may have been written.
  func write(_ bytes: [UInt8], at position: Int) async throws(StorageError)

  /// Takes room on the disk for so many bytes from the beginning; what is new reads as zeros, and is part of
  /// the length.
  func preallocate(_ size: Int) async throws(StorageError)

  /// Makes durable what was written.
  ///
  /// After an error nobody knows what of it is on the disk, and a later success says nothing about it: the
  /// operating system may have dropped the bytes, although reads still show them.
  func sync() async throws(StorageError)

  /// Cuts the file to so many bytes.
  func truncate(_ size: Int) async throws(StorageError)
}
