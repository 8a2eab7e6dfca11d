//! Colour palettes.
