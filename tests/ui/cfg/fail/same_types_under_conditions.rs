// errors: 2

use dagstack_plugin::prelude::*;

struct Opaque;
struct Other;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[cfg(any())]
    #[hook]
    fn never(&self, token: Secret<Opaque>) -> u8 {
        todo!()
    }

    #[hook]
    fn always(&self, token: Secret<Opaque>, other: Other) -> u8 {
        todo!()
    }

    #[cfg(not(any()))]
    #[hook]
    fn here(&self, token: Secret<Opaque>, other: Other) -> u8 {
        todo!()
    }
}

fn main() {}
