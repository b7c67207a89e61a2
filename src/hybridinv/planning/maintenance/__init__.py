"""What happens to machines when hosts go into maintenance: `plan` asks a module of each platform."""
