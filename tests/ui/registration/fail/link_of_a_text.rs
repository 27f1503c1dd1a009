#![allow(unused)]

dagstack_runtime::link!("echo");

fn main() {}
