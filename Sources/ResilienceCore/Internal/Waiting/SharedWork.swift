/// Work that several callers wait for, as the layers inside it see it.
///
/// It knows no caller's deadline, so that its context cannot tell a time limit that ended it from callers
/// that went away.
@usableFromInline
package protocol SharedWork: AnyObject, Sendable {
  /// Whether it was cancelled since the deadline of the last caller had passed.
  var wasEndedByLimit: Bool { get }
}
