"""What programs ask the explorer for: endpoints, the questions behind them, and MCP."""
