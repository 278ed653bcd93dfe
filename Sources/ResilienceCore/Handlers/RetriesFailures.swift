/// Marks a decorator that repeats a call after a failure, one attempt after the other: a retry.
///
/// A time limit directly around one is for all attempts together, which is rarely meant; its modifier warns
/// of it at compile time.
public protocol RetriesFailures: RetriesInside {}
