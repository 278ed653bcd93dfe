import FuzzSupport
import ResilienceTrace

/// Whatever is read is valid, and reads the same after it was written.
fuzz { text in
  guard let ids = TraceIDs(traceparent: text) else { return }
  require(ids.isPresent && ids.span != 0 && ids.flags <= 3, is: true, "valid ids")
  require(ids.traceparent.utf8.count, is: 55, "length")
  require(TraceIDs(traceparent: ids.traceparent), is: ids, "read again")
}
