//! The half of the page that is socklab: files in, reports out.
//!
//! [`Session`] is what the page has been given and what was made of it. `boundary` is how JavaScript reaches it, in
//! WebAssembly alone.

#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "only `boundary` calls what the page's form needs"))]

mod corrections;
mod form;
mod session;
mod state;
mod wanted;

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "the page calls it by exported names")]
mod boundary;

pub use corrections::Corrections;
pub use session::{Message, Session};
pub use wanted::Wanted;
