"""Results as plain data (records, journal, document) and what is made of them: tables, Markdown, JUnit, CSV."""
