//! The integration tests, in one binary: they run the program, or look at the sources as a whole.

mod architecture;
mod support;
