import FuzzSupport
import ResilienceTrace

/// Whatever is read is valid, and reads the same after it was written; lines are headers of one request.
fuzz { text in
  let headers = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  guard let state = TraceState(headers: headers) else { return }
  require(TraceState(state.header), is: state, "read again")
  let members = state.members
  require(members.count <= TraceState.maxMembers, is: true, "at most 32 members")
  require(Set(members.map(\.key)).count, is: members.count, "keys occur once")
  for (key, value) in members { require(state[key], is: value, "found by key") }
  let short = state.truncated(toLength: 512)
  require(short.header.utf8.count <= 512, is: true, "truncated")
  require(TraceState(short.header), is: short, "truncated, read again")
  guard let first = members.last else { return }
  var changed = state
  require(changed.set("1", forKey: first.key), is: true, "set")
  require(changed.members.first?.key, is: first.key, "set moves to the front")
  changed.remove(first.key)
  require(changed[first.key], is: nil, "removed")
}
