"""What every primitive of the catalogue is composed of: a module for each group."""
