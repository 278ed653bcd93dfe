// The vocabulary comes along: importing this module is enough to write a call and wrap it.

@_exported public import Resilience
@_exported public import ResilienceHTTPTypes
