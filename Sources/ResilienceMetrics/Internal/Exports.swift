// The vocabulary comes along: importing this module is enough to write a handler and wrap it.

@_exported public import ResilienceCore
