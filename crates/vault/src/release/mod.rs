//! How counts become publishable numbers: the budget and its shares, the noise, which keys appear, and the released
//! blocks themselves. Everything here is computed once for each period; reading costs no privacy.

pub(super) mod draw;
pub(super) mod estimate;
pub(super) mod index;
pub(super) mod noise;
pub(super) mod reader;
pub(super) mod terms;

pub(super) use headcount_model::{budget, plan, regular, release as block, shares};
