// The umbrella: one import for everything but the test kit.

@_exported public import ResilienceBulkhead
@_exported public import ResilienceCircuitBreaker
@_exported public import ResilienceCore
@_exported public import ResilienceEventBus
@_exported public import ResilienceFallback
@_exported public import ResilienceMetrics
@_exported public import ResilienceRateLimiter
@_exported public import ResilienceRegistry
@_exported public import ResilienceRetry
@_exported public import ResilienceTimeout
@_exported public import ResilienceTrace
