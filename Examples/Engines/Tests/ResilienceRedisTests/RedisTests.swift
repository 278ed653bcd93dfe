import Testing

/// Against a real Redis; skipped where there is none. One after the other: sessions and leases end by the clock.
@Suite(
  .serialized,
  .enabled(if: RedisServer.executable != nil, "there is no Redis: apt-get install redis-server"))
enum RedisTests {}
