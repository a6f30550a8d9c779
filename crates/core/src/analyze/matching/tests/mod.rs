//! The lab found in captures made by hand.

mod alike;
mod browser;
mod bytes;
mod cost;
mod first_part;
mod guessed_hosts;
mod hosts;
mod programs;
mod selected;
mod servers;
mod sheet_order;
mod steps;
mod swapped;
mod unsaid;
