/// Input that cannot be read at all: the program says why and ends with code 2.
struct InputError: Error, Equatable, CustomStringConvertible {
  var file: String
  var line: Int?
  var problem: String

  var description: String {
    line.map { "\(file):\($0): \(problem)" } ?? "\(file): \(problem)"
  }
}
