#![allow(unused)]

use dagstack_plugin::prelude::*;

struct Echo {
    guard: std::sync::MutexGuard<'static, u8>,
}

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[setup]
    fn setup() -> Self {
        loop {}
    }

    #[hook]
    fn echo(&self) -> u8 {
        *self.guard
    }
}

fn main() {}
