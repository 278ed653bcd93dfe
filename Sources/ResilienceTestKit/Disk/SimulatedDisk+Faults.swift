internal import ResilienceCore

extension SimulatedDisk {
  /// Operations so far that change something: all but listing, opening, reading, measuring and locking.
  public var changes: Int { state.withLock { $0.changes } }

  /// Syncs of files so far, failed ones too.
  public var syncs: Int { state.withLock { $0.syncs } }

  /// Bytes of all files.
  public var usedBytes: Int { state.withLock { $0.usedBytes } }

  /// Ends everything after so many more changes: the next one is half done, and fails, as does everything
  /// until ``loseState()`` or ``kill()``.
  ///
  /// - Parameter count: 0 or more; `nil` takes the order back.
  public func crash(afterChanges count: Int?) {
    state.withLock { $0.changesBeforeCrash = count }
  }

  /// A power cut, and the machine's return: what was not synced is kept or lost sector by sector, by chance.
  public func loseState() {
    let random = SeededRandomSource(seed: draw())
    state.withLock { $0.losePower(random) }
  }

  /// The end of the process: what was written stays, as the operating system has it.
  public func kill() {
    state.withLock { $0.beginLife() }
  }

  /// Sets how many bytes all files may have.
  ///
  /// - Parameter capacity: 0 or more; less than there are only stops what is new.
  public func setCapacity(_ capacity: Int) {
    state.withLock { $0.capacity = capacity }
  }

  /// Lets the next syncs of files fail. What was to be synced is then lost with the next power cut, whatever
  /// is synced later, although reads show it, as with Linux.
  public func failSyncs(_ count: Int = 1) {
    state.withLock { $0.failingSyncs = count }
  }

  /// Lets the next writes fail after a part of their bytes.
  public func failWrites(_ count: Int = 1) {
    state.withLock { $0.failingWrites = count }
  }

  // MARK: - What is in a file

  /// A file's bytes as reads show them; `nil` if there is none.
  public func contents(of name: String) -> [UInt8]? {
    state.withLock { $0.names[name]?.bytes.all }
  }

  /// Replaces a file's bytes, durably; creates the file if need be.
  public func setContents(of name: String, to bytes: [UInt8]) {
    state.withLock { $0.setContents(of: name, bytes) }
  }

  /// Turns one bit of a file round, durably: the disk has rotted.
  ///
  /// - Parameters:
  ///   - name: The file; must be there.
  ///   - bit: Counted from the file's first byte, the lowest bit of each first; within the file.
  public func flipBit(of name: String, at bit: Int) {
    guard var bytes = contents(of: name), bytes.indices.contains(bit / 8) else {
      preconditionFailure("there is no bit \(bit) of a file \(name)")
    }
    bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    setContents(of: name, to: bytes)
  }
}
