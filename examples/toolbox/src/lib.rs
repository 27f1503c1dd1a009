//! Two plugins of one executable: [`Table`] answers from a table of values, [`Search`] finds words in
//! texts.

mod search;
mod table;

pub use search::{Hit, Search};
pub use table::{Config as TableConfig, Table};
