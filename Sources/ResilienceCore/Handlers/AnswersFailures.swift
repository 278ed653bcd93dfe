/// Marks a decorator that has an answer when its base fails: a fallback.
///
/// What reacts to failures sees none through it; the modifiers of the retry and of the breaker warn of it at
/// compile time.
public protocol AnswersFailures: HandlerDecorator {}
