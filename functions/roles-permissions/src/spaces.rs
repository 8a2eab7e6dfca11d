//! The spaces of a project, and who may enter them.
