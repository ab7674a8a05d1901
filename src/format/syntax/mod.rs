//! How formats are spelt: strict readers that know no format.
