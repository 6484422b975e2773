//! The sites that are served, and the rules of each.

pub(super) mod registry;
pub(super) mod settings;
