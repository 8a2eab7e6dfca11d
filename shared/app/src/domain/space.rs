//! Spaces: folders of charts and dashboards, and who may enter them.
