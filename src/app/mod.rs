//! The core: the state of the program and its one transition function.
