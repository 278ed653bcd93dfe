import FuzzSupport
import ResilienceTrace

/// Whatever is read is valid, and reads the same after it was written; lines are headers of one request.
fuzz { text in
  let headers = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  let baggage = W3CBaggage(headers: headers)
  require(W3CBaggage(headers: [baggage.header]), is: baggage, "read again")
  let members = baggage.members
  require(members.count <= 180 && baggage.header.utf8.count <= 8192, is: true, "limits")
  var written = W3CBaggage()
  for member in members {
    require(written.set(member.value, forKey: member.key, properties: member.properties), is: true, "set")
    require(written[member.key], is: member.value, "decoded, encoded, decoded")
    require(written.members.last?.properties, is: member.properties, "properties")
  }
  require(
    W3CBaggage(headers: [written.header], maxMembers: .max, maxBytes: .max), is: written, "written, read")
}
