/// What is done to a directory, or to a file in it; the raw value is the verb of an error's text.
public enum StorageOperation: String, Sendable, Hashable, CaseIterable {
  /// The names of the files.
  case list
  /// Opening a file that is there.
  case open
  /// Creating a file that is not.
  case create
  /// Reading bytes.
  case read
  /// Writing bytes.
  case write
  /// Allocating room on the disk.
  case preallocate
  /// Making a file's bytes durable.
  case sync
  /// Making the names of a directory durable.
  case syncDirectory = "sync the directory"
  /// Cutting a file.
  case truncate
  /// Asking for a file's length.
  case measure
  /// Giving a file another name.
  case rename
  /// Taking a file away.
  case remove
  /// Keeping others out of the directory.
  case lock
}
