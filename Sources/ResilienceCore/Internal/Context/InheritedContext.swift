/// The part of a context that nested calls inherit: bitwise-copyable, in one task-local, read where a stack
/// is entered and bound at most once, in its leaf.
@usableFromInline
package struct InheritedContext: Sendable, BitwiseCopyable {
  @usableFromInline package var deadline: Deadline
  @usableFromInline package var trace: TraceIDs
  @usableFromInline package var flags: CallFlags
  @usableFromInline package var observer: ObserverHandle

  @inlinable
  package init(deadline: Deadline, trace: TraceIDs, flags: CallFlags, observer: ObserverHandle = .none) {
    self.deadline = deadline
    self.trace = trace
    self.flags = flags
    self.observer = observer
  }

  @inlinable
  package var unchanged: InheritedContext {
    InheritedContext(
      deadline: deadline, trace: trace, flags: flags.subtracting(.changed), observer: observer)
  }
}
