//! Stories that have a fault, or just have not.
//!
//! - `codes`: one for each code, and codes that no other story asks for
//! - `copies`: frames that were captured twice, and segments that were sent twice
//! - `datagrams`: datagrams that came back, and why
//! - `loopback`: servers that listen on the loopback address alone
//! - `partial`: captures of one direction, of a beginning or of an end
//! - `resets`: why a connection was reset, or a SYN got no answer
//! - `settings`: settings that do not fit the files
//! - `words`: the singular, the frames of a finding's own file, the step to do again
//! - `wrong_address`: clients that went where no server was

mod codes;
mod copies;
mod datagrams;
mod loopback;
mod partial;
mod resets;
mod settings;
mod words;
mod wrong_address;
