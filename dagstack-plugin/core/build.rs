//! Needed by `links` in Cargo.toml and for nothing else.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
