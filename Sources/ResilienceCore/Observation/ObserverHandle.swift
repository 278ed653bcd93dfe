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

    func isCurrent(_ handle: ObserverHandle) -> Bool {
      handle.slot < slots.count && slots[handle.slot].generation == handle.generation
    }
  }

  private static let table = Lock(Table())

  private var slot: Int { Int(rawValue & 0xFFFF) }
  private var generation: UInt16 { UInt16(rawValue >> 16) }

  /// Keeps `observer` until ``unregister()``.
  ///
  /// - Returns: ``none``, so that the observer hears nothing, when 65 536 observers are registered already.
  package static func register(_ observer: any CallObserver) -> ObserverHandle {
    table.withLock { table in
      let slot: Int
      if let free = table.free.popLast() {
        slot = Int(free)
      } else {
        slot = table.slots.count
        guard slot <= Int(UInt16.max) else { return .none }
        table.slots.append(Slot(generation: 0))
      }
      // From 1, so that no handle is 0.
      let generation = table.slots[slot].generation
      table.slots[slot] = Slot(observer: observer, generation: generation == .max ? 1 : generation + 1)
      return ObserverHandle(rawValue: UInt32(table.slots[slot].generation) << 16 | UInt32(slot))
    }
  }

  /// Lets the observer go; a second time does nothing.
  package func unregister() {
    // Handed out of the lock, so that the observer is released outside it.
    let released: (any CallObserver)? = Self.table.withLock { table in
      guard table.isCurrent(self), let observer = table.slots[slot].observer else { return nil }
      table.slots[slot].observer = nil
      table.free.append(UInt16(slot))
      return observer
    }
    _ = released
  }

  /// The observer; `nil` for nobody, and after ``unregister()``.
  package var observer: (any CallObserver)? {
    Self.table.withLock { $0.isCurrent(self) ? $0.slots[slot].observer : nil }
  }
}
