"""What the pages show and do, without a widget: state, signals and ports."""
