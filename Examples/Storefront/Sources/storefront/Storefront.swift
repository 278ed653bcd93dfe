import ArgumentParser

@main
struct Storefront: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The shop as separate processes.",
    subcommands: [DayCommand.self, UpCommand.self, CompareCommand.self, ServeCommand.self, GuardCommand.self])
}
