//! The mail of a week or a month: what changed beyond the noise first, then what was read most.
//!
//! It asks a running server as any reader does, and says nothing that the server does not answer to anybody. Only what the
//! server calls more than the noise stands under changes. A mail loads nothing, follows nobody, and goes to one recipient.
//! Mail addresses are in memory alone: no message, error or file has one.
//!
//! ```text
//! fetch (gRPC) --> answers --> of_site or of_group --> Letter --> plain, html --> send (SMTP)
//! ```

mod ask;
mod change;
mod error;
mod html;
mod letter;
mod overview;
mod plain;
mod send;
mod site;
#[cfg(test)]
mod tests;
mod words;

pub use ask::{Period, Scope, ask};
pub use error::DigestError;
pub use letter::{Frame, Letter};
pub use send::{Recipients, send};
