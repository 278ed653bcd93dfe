/// Names an observer in a context, which must not hold a reference.
///
/// Binding an observer as a task-local of its own costs as much as all layers of a stack together; a handle is a number
/// that travels in the context, and is looked up only when there is something to tell. 0 is "nobody".
@frozen
@usableFromInline
package struct ObserverHandle: Sendable, BitwiseCopyable, Hashable {
  @usableFromInline let rawValue: UInt32

  @inlinable
  init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  @inlinable
  package static var none: ObserverHandle { ObserverHandle(rawValue: 0) }
}

// MARK: - The table

extension ObserverHandle {
  private struct Slot {
    var observer: (any CallObserver)?
    /// A handle that outlives its registration, in a task that outlives the call, must not find the slot's next owner.
    var generation: UInt16
  }

  private struct Table {
    var slots: [Slot] = []
    var free: [UInt16] = []
  }

  private static let table = Lock(Table())

  private var slot: Int { Int(rawValue & 0xFFFF) }
  private var generation: UInt16 { UInt16(rawValue >> 16) }

  /// Keeps `observer` until ``unregister()``.
  package static func register(_ observer: any CallObserver) -> ObserverHandle {
    table.withLock { table in
      let slot: Int
      if let free = table.free.popLast() {
        slot = Int(free)
      } else {
        slot = table.slots.count
        precondition(slot <= UInt16.max, "more than \(slot) observers are bound at the same time")
        table.slots.append(Slot(observer: nil, generation: 0))
      }
      // From 1, so that no handle is 0.
      table.slots[slot].generation =
        table.slots[slot].generation == .max ? 1 : table.slots[slot].generation + 1
      table.slots[slot].observer = observer
      return ObserverHandle(rawValue: UInt32(table.slots[slot].generation) << 16 | UInt32(slot))
    }
  }

  package func unregister() {
    // Handed out of the lock, so that the observer is released outside it.
    let released: (any CallObserver)? = Self.table.withLock { table in
      guard isCurrent(in: table) else { return nil }
      defer {
        table.slots[slot].observer = nil
        table.free.append(UInt16(slot))
      }
      return table.slots[slot].observer
    }
    _ = released
  }

  /// The observer; `nil` for nobody, and after ``unregister()``.
  package var observer: (any CallObserver)? {
    Self.table.withLock { table in isCurrent(in: table) ? table.slots[slot].observer : nil }
  }

  private func isCurrent(in table: Table) -> Bool {
    slot < table.slots.count && table.slots[slot].generation == generation
  }
}
