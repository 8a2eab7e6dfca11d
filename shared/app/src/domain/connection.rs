//! How a project reaches its warehouse and its dbt code.
