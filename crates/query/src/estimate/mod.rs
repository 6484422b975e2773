//! The best estimates that releases allow. All of it is computed from published numbers, so it costs no privacy.
//!
//! First what is unbiased and exact: measurements of one number are combined ([`measure`]), within a release (`within`),
//! over days, weeks and months (`tree`, [`site`]) and for the keys of a table ([`keys`]). From these alone come the
//! intervals. Then what makes a better guess: a key's past (`usual`, `past`), the shape of a table (`fresh`), and that
//! nothing is negative and parts add up to their whole (`project`, [`hours`]). A guess never leaves the interval.
//!
//! An answer follows from the releases there are and from nothing else. A key's past is read from releases with a smaller
//! number only, so later releases never change it.

pub mod columns;
pub mod direct;
mod fresh;
pub mod hours;
pub mod keys;
pub mod measure;
mod past;
mod project;
pub mod site;
mod tree;
mod usual;
mod within;

pub use within::Part;

#[cfg(test)]
mod bias;
#[cfg(test)]
mod bias_tests;
#[cfg(test)]
mod dense;
#[cfg(test)]
mod gain;
#[cfg(test)]
mod late_tests;
#[cfg(test)]
pub(crate) mod random;
#[cfg(test)]
pub(crate) mod synthetic;
