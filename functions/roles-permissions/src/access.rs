//! Who has a role of their own in a project.
