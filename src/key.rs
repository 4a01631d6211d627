//! One key press: parsing and printing.
