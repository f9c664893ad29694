"""One layout engine for tables, listings and stories: lines, columns, and texts broken beside what heads them."""
