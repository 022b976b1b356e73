"""The journal for the tools that engineers have: OpenTelemetry, Perfetto, ShiViz."""
