//! What a declaration takes from Cargo, worked out by the compiler.

use crate::declaration::Declaration;
use crate::execution::ExecutionModel;

/// Cargo sets a variable that its manifest does not mention to the empty text.
pub const fn non_empty(text: Option<&'static str>) -> Option<&'static str> {
    match text {
        Some(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// What Cargo knows of a package.
pub struct Package {
    /// `CARGO_PKG_VERSION`.
    pub version: Option<&'static str>,
    /// `CARGO_PKG_LICENSE`.
    pub license: Option<&'static str>,
    /// `CARGO_PKG_HOMEPAGE`.
    pub homepage: Option<&'static str>,
    /// The authors in `CARGO_PKG_AUTHORS`.
    pub authors: &'static [&'static str],
}

impl Declaration {
    /// The same of a plugin in this package, who is looked after by the first of its authors.
    pub const fn of_package(mut self, package: Package) -> Self {
        self.version = non_empty(package.version);
        self.license = non_empty(package.license);
        self.homepage = non_empty(package.homepage);
        self.authors = package.authors;
        self.maintainer = match package.authors {
            [first, ..] => Some(first),
            [] => None,
        };
        self
    }
}

/// How many authors `CARGO_PKG_AUTHORS` lists.
pub const fn count_authors(list: Option<&'static str>) -> usize {
    let Some(list) = non_empty(list) else {
        return 0;
    };
    let bytes = list.as_bytes();
    let mut count = 1;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b':' {
            count += 1;
        }
        at += 1;
    }
    count
}

/// The authors `CARGO_PKG_AUTHORS` lists, separated by colons.
pub const fn split_authors<const N: usize>(list: Option<&'static str>) -> [&'static str; N] {
    let mut authors = [""; N];
    let Some(list) = non_empty(list) else {
        return authors;
    };
    let mut rest = list;
    let mut index = 0;
    while index < N {
        let bytes = rest.as_bytes();
        let mut at = 0;
        while at < bytes.len() && bytes[at] != b':' {
            at += 1;
        }
        let (author, tail) = rest.split_at(at);
        authors[index] = author;
        rest = if tail.is_empty() {
            tail
        } else {
            tail.split_at(1).1
        };
        index += 1;
    }
    authors
}

/// The model that a plugin with such hooks needs: a process before a thread before `sync`.
pub const fn most_demanding(hooks: &[ExecutionModel]) -> ExecutionModel {
    let mut most = ExecutionModel::Async;
    let mut at = 0;
    while at < hooks.len() {
        if rank(hooks[at]) > rank(most) {
            most = hooks[at];
        }
        at += 1;
    }
    most
}

const fn rank(model: ExecutionModel) -> u8 {
    match model {
        ExecutionModel::Async => 0,
        ExecutionModel::Sync => 1,
        ExecutionModel::ThreadCpuBound => 2,
        ExecutionModel::ProcessCpuBound => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::{count_authors, split_authors};

    #[test]
    fn authors_are_separated_by_colons() {
        const LIST: Option<&str> = Some("A <a@example.org>:B");
        const N: usize = count_authors(LIST);
        assert_eq!(split_authors::<N>(LIST), ["A <a@example.org>", "B"]);
        assert_eq!(count_authors(Some("")), 0);
        assert_eq!(count_authors(None), 0);
    }
}
