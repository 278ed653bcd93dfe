internal import ResilienceCore

/// Everything that changes on a ``SimulatedDisk``.
struct DiskState {
  private enum NameChange {
    case create(String, DiskFile)
    case rename(String, String)
    case remove(String)
  }

  let path: String
  var capacity: Int
  private(set) var names: [String: DiskFile] = [:]
  private var durableNames: [String: DiskFile] = [:]
  private var pendingNames: [NameChange] = []

  /// Which process it is: files and locks of an earlier one are dead.
  private(set) var life = 0
  private var isLocked = false
  private var hasCrashed = false
  private(set) var changes = 0
  private(set) var syncs = 0
  var changesBeforeCrash: Int?
  var failingSyncs = 0
  var failingWrites = 0

  init(path: String, capacity: Int) {
    self.path = path
    self.capacity = capacity
  }

  var usedBytes: Int { names.values.reduce(0) { $0 + $1.bytes.all.count } }

  // MARK: - Crashes

  /// - Returns: Whether the machine fails in the middle of this operation.
  mutating func begin(
    _ operation: StorageOperation, _ file: String, _ life: Int
  ) throws(StorageError) -> Bool {
    guard life == self.life, !hasCrashed else { throw isOff(operation, file) }
    switch operation {
    case .list, .open, .read, .measure, .lock: return false
    case .create, .write, .preallocate, .sync, .syncDirectory, .truncate, .rename, .remove: break
    }
    changes += 1
    guard let left = changesBeforeCrash else { return false }
    changesBeforeCrash = left - 1
    hasCrashed = left <= 0
    return hasCrashed
  }

  func isOff(_ operation: StorageOperation, _ file: String) -> StorageError {
    StorageError(operation, file: file, .other("the machine has crashed"))
  }

  mutating func beginLife() {
    life += 1
    isLocked = false
    hasCrashed = false
    changesBeforeCrash = nil
  }

  mutating func losePower(_ random: SeededRandomSource) {
    beginLife()
    let kept = random.next(below: pendingNames.count + 1)
    for change in pendingNames.prefix(kept) { Self.apply(change, to: &durableNames) }
    pendingNames = []
    names = durableNames
    for (_, file) in names.sorted(by: { $0.key < $1.key }) { file.bytes.losePower(random) }
  }

  // MARK: - Names

  func list(_ life: Int) throws(StorageError) -> [String] {
    guard life == self.life, !hasCrashed else { throw isOff(.list, path) }
    return names.keys.sorted()
  }

  mutating func open(
    _ operation: StorageOperation, _ name: String, _ life: Int
  ) throws(StorageError) -> DiskFile {
    let file = "\(path)/\(name)"
    let crashes = try begin(operation, file, life)
    guard operation == .create else {
      guard let found = names[name] else { throw StorageError(operation, file: file, .notFound) }
      return found
    }
    guard names[name] == nil else { throw StorageError(operation, file: file, .exists) }
    let created = DiskFile()
    change(.create(name, created))
    if crashes { throw isOff(operation, file) }
    return created
  }

  mutating func rename(_ name: String, to other: String, _ life: Int) throws(StorageError) {
    let file = "\(path)/\(name)"
    let crashes = try begin(.rename, file, life)
    guard names[name] != nil else { throw StorageError(.rename, file: file, .notFound) }
    change(.rename(name, other))
    if crashes { throw isOff(.rename, file) }
  }

  mutating func remove(_ name: String, _ life: Int) throws(StorageError) {
    let file = "\(path)/\(name)"
    let crashes = try begin(.remove, file, life)
    guard names[name] != nil else { throw StorageError(.remove, file: file, .notFound) }
    change(.remove(name))
    if crashes { throw isOff(.remove, file) }
  }

  mutating func syncNames(_ life: Int) throws(StorageError) {
    if try begin(.syncDirectory, path, life) { throw isOff(.syncDirectory, path) }
    durableNames = names
    pendingNames = []
  }

  private mutating func change(_ change: NameChange) {
    pendingNames.append(change)
    Self.apply(change, to: &names)
  }

  private static func apply(_ change: NameChange, to names: inout [String: DiskFile]) {
    switch change {
    case .create(let name, let file): names[name] = file
    case .rename(let name, let other): names[other] = names.removeValue(forKey: name)
    case .remove(let name): names[name] = nil
    }
  }

  // MARK: - The lock

  mutating func lock(_ life: Int) throws(StorageError) -> Int {
    _ = try begin(.lock, path, life)
    guard !isLocked else { throw StorageError(.lock, file: path, .locked(holder: "another one")) }
    isLocked = true
    return life
  }

  mutating func unlock(_ life: Int) {
    if life == self.life { isLocked = false }
  }

  mutating func setContents(of name: String, _ bytes: [UInt8]) {
    let file = names[name] ?? DiskFile()
    file.bytes = DiskBytes(durable: bytes)
    names[name] = file
    durableNames[name] = file
  }
}

// MARK: - Bytes

extension DiskState {
  mutating func write(
    _ bytes: [UInt8], at position: Int, to file: DiskFile, _ path: String
  ) throws(StorageError) {
    if failingWrites > 0 {
      failingWrites -= 1
      file.bytes.write(bytes.prefix(bytes.count / 2), at: position)
      throw StorageError(.write, file: path, .other("a write error was ordered"))
    }
    let room = file.bytes.all.count + max(0, capacity - usedBytes)
    let fitting = max(0, min(bytes.count, room - position))
    file.bytes.write(bytes.prefix(fitting), at: position)
    if fitting < bytes.count { throw StorageError(.write, file: path, .diskFull) }
    // A crash during a write is a crash between any two of its sectors: none of them is durable yet.
  }

  func preallocate(_ size: Int, _ file: DiskFile, _ path: String) throws(StorageError) {
    guard size - file.bytes.all.count <= max(0, capacity - usedBytes) else {
      throw StorageError(.preallocate, file: path, .diskFull)
    }
    file.bytes.grow(to: size)
  }

  mutating func sync(_ file: DiskFile, _ path: String) throws(StorageError) {
    syncs += 1
    guard failingSyncs == 0 else {
      failingSyncs -= 1
      file.bytes.forget()
      throw StorageError(.sync, file: path, .other("a sync error was ordered"))
    }
    file.bytes.sync()
  }

  func truncate(_ size: Int, _ file: DiskFile) { file.bytes.truncate(size) }
}
