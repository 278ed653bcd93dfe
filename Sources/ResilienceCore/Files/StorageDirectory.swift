/// A directory of files, as a log needs one: what is written in places, made durable on request, and owned by
/// one process.
///
/// `LocalDirectory` is the operating system's. The test kit has one in memory, which loses power, fills up
/// and fails to sync on request. Names are plain, without a separator.
///
/// A call is not interrupted when its task is cancelled, since what has been asked of a disk cannot be taken
/// back.
public protocol StorageDirectory: Sendable {
  /// The path, for errors.
  var path: String { get }

  /// The names of all files, sorted.
  func list() async throws(StorageError) -> [String]

  /// Opens a file that is there, for reading and writing.
  func open(_ name: String) async throws(StorageError) -> any StorageFile

  /// Creates an empty file for reading and writing; one that is there is an error.
  ///
  /// The name is durable only after ``syncDirectory()``.
  func create(_ name: String) async throws(StorageError) -> any StorageFile

  /// Gives a file another name, in one step; a file of that name is replaced.
  func rename(_ name: String, to other: String) async throws(StorageError)

  /// Takes a file's name away; those that have it open may go on.
  func remove(_ name: String) async throws(StorageError)

  /// Makes durable what was created, renamed and removed.
  func syncDirectory() async throws(StorageError)

  /// Makes the caller the only owner of the directory until the lock is released.
  ///
  /// - Throws: ``StorageError`` with the reason ``StorageError/Reason/locked(holder:)`` when it has one.
  func lock() async throws(StorageError) -> StorageLock
}
