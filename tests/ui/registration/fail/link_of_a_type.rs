#![allow(unused)]

dagstack_runtime::link!(echo::Echo);

fn main() {}
