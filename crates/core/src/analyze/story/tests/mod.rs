//! Stories in which it matters who was served, who waited, and what had ended.
//!
//! - `chats`: what a server sends by itself, and what is an answer
//! - `ends`: connections of which the end, or the beginning, may not have been captured
//! - `ignored_lines`: servers that do not answer every line
//! - `late_answers`: servers that answer some clients, or late
//! - `programs`: two programs that have the same address one after the other
//! - `waiting`: servers that take their time, close first, or turn clients away

mod chats;
mod ends;
mod ignored_lines;
mod late_answers;
mod programs;
mod waiting;
