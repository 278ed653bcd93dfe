import ResilienceCore
import ResilienceTrace
import Testing

@Suite struct W3CBaggageTests {
  private typealias Member = W3CBaggage.Member
  private typealias Property = W3CBaggage.Property

  /// The cases of the W3C suite (w3c/baggage, test_baggage.py), and their neighbours, with what is passed on.
  @Test(
    arguments: [
      (["SomeKey=SomeValue"], "SomeKey=SomeValue"),
      (["SomeKey=SomeValue,SomeKey2=SomeValue2"], "SomeKey=SomeValue,SomeKey2=SomeValue2"),
      (["SomeKey=SomeValue", "SomeKey2=SomeValue2"], "SomeKey=SomeValue,SomeKey2=SomeValue2"),
      (
        ["SomeKey \t = \t SomeValue \t , \t SomeKey2 \t = \t SomeValue2 \t"],
        "SomeKey=SomeValue,SomeKey2=SomeValue2"
      ),
      (["SomeKey=SomeValue;SomeProp"], "SomeKey=SomeValue;SomeProp"),
      (
        ["SomeKey \t = \t SomeValue \t ; \t SomeProp=PropVal \t ;Other"],
        "SomeKey=SomeValue;SomeProp=PropVal;Other"
      ),
      (["SomeKey=SomeValue=equals"], "SomeKey=SomeValue=equals"),
      (["SomeKey=SomeValue;p=a=b"], "SomeKey=SomeValue;p=a=b"),
      (["SomeKey=%09%20%22%27%3B%3Dasdf"], "SomeKey=%09%20%22%27%3B%3Dasdf"),
      (["k=%"], "k=%"),
      (["k="], "k="),
      (["k=1,k=2"], "k=1,k=2"),
      (
        ["!#$%&'*+-.^_`|~09azAZ=!#$%&'()*+-./:<=>?@[]^_`{|}~"],
        "!#$%&'*+-.^_`|~09azAZ=!#$%&'()*+-./:<=>?@[]^_`{|}~"
      ),
      ([",a=1,,b=2, ,"], "a=1,b=2"),
      ([""], ""),
      ([], ""),
      // What is not valid is left out, and nothing else.
      (["a=1,novalue,b=2"], "a=1,b=2"),
      (["a=1,=x,b=2"], "a=1,b=2"),
      (["a=1,k=sp ace,b=2"], "a=1,b=2"),
      (["a=1,k=\"q\",b=2"], "a=1,b=2"),
      (["a=1,k=back\\slash,b=2"], "a=1,b=2"),
      (["a=1,k\u{7}=1,b=2"], "a=1,b=2"),
      (["a=1,k=é,b=2"], "a=1,b=2"),
      (["a=1,k(y=1,b=2"], "a=1,b=2"),
      (["a=1,k=1;,b=2"], "a=1,b=2"),
      (["a=1,k=1;p p,b=2"], "a=1,b=2"),
      (["a=1,k=1;=v,b=2"], "a=1,b=2"),
    ] as [([String], String)])
  func passesOn(_ headers: [String], sent: String) {
    #expect(W3CBaggage(headers: headers).header == sent)
  }

  @Test func membersAreDecoded() {
    let baggage = W3CBaggage(headers: [
      "user=%C3%89lodie%20%22E%22;ttl=5%3B;hot,tier=gold,bad=%zz%4,broken=%FF%41"
    ])
    #expect(
      baggage.members == [
        Member(
          key: "user", value: "Élodie \"E\"",
          properties: [Property(key: "ttl", value: "5;"), Property(key: "hot")]),
        Member(key: "tier", value: "gold"), Member(key: "bad", value: "%zz%4"),
        Member(key: "broken", value: "\u{FFFD}A"),
      ])
    #expect(baggage["tier"] == "gold")
    #expect(baggage["Tier"] == nil)
  }

  @Test func ofSeveralMembersOfAKeyTheLastIsRead() {
    #expect(W3CBaggage(headers: ["k=1,k=2"])["k"] == "2")
  }

  @Test func setEncodesAndReplaces() {
    var baggage = W3CBaggage(headers: ["a=1,b=2,a=3;p"])
    let isSet = baggage.set(
      "x y,z;%\\é", forKey: "a", properties: [Property(key: "p", value: "q r"), Property(key: "s")])
    #expect(isSet)
    #expect(baggage.header == "b=2,a=x%20y%2Cz%3B%25%5C%C3%A9;p=q%20r;s")
    #expect(baggage["a"] == "x y,z;%\\é")
    baggage.remove("b")
    #expect(baggage.members.map(\.key) == ["a"])
    baggage.remove("a")
    #expect(baggage.isEmpty)
    #expect(baggage == W3CBaggage())
  }

  @Test(arguments: ["", "a b", "a=b", "a,b", "a;b", "é", "a\n", "(a)"])
  func setRefusesAnInvalidKey(_ key: String) {
    var baggage = W3CBaggage(headers: ["a=1"])
    let isSet = baggage.set("2", forKey: key)
    let isSetWithProperty = baggage.set("2", forKey: "a", properties: [Property(key: key)])
    #expect(!isSet && !isSetWithProperty)
    #expect(baggage.header == "a=1")
  }

  @Test func limitsApplyToTheSumOfTheHeadersInWholeMembers() {
    let members = (0..<200).map { "k\($0)=v" }
    let headers = [members[..<100].joined(separator: ","), members[100...].joined(separator: ",")]
    #expect(W3CBaggage(headers: headers).members.count == 180)
    #expect(W3CBaggage(headers: headers, maxMembers: 64).header == members[..<64].joined(separator: ","))
    // 64 members of 8192 bytes together must pass.
    let long = (0..<64).map {
      ($0 < 10 ? "k0\($0)=" : "k\($0)=") + String(repeating: "v", count: $0 == 0 ? 124 : 123)
    }
    #expect(long.joined(separator: ",").utf8.count == 64 * 127 + 63 + 1)
    let half = [long[..<32].joined(separator: ","), long[32...].joined(separator: ",")]
    let exact = long.joined(separator: ",").utf8.count
    #expect(W3CBaggage(headers: half, maxBytes: exact).members.count == 64)
    #expect(W3CBaggage(headers: half, maxBytes: exact - 1).members.count == 63)
    #expect(W3CBaggage(headers: half).members.count == 64)
  }

  @Test(arguments: 0..<4)
  func row60_parserIsTotalAndItsOutputValid(seed: Int) {
    let random = SeededRandomSource(seed: UInt64(seed))
    let alphabet = Array("ab09==,,;; \t%%4zZ\"\\\u{0}é".utf8)
    for _ in 0..<4000 {
      let bytes = (0..<random.next(below: 40)).map { _ in alphabet[random.next(below: alphabet.count)] }
      let baggage = W3CBaggage(headers: [String(decoding: bytes, as: UTF8.self)])
      #expect(W3CBaggage(headers: [baggage.header]) == baggage)
      var copy = W3CBaggage()
      for member in baggage.members {
        let isSet = copy.set(member.value, forKey: member.key, properties: member.properties)
        #expect(isSet)
      }
      for member in copy.members { #expect(baggage[member.key] == member.value) }
    }
  }
}
