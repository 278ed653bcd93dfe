/// Marks a decorator that may call its base more than once for one call: a retry, a hedge.
///
/// A breaker directly around one is a mistake, since it would see one outcome where the destination saw
/// several calls; the breaker's modifier warns about it at compile time.
public protocol RetriesInside: HandlerDecorator {}
