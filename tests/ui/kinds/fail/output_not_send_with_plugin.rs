use dagstack_plugin::prelude::*;
use std::rc::Rc;

#[kind(name = "k", version = "1.0.0")]
pub trait K {
    #[hook(dispatch = "singleton", mcp_exposed = false)]
    async fn f(&self) -> Rc<u8>;
}

#[derive(Default)]
pub struct P;

#[plugin(kind = K, name = "p")]
impl P {
    #[hook]
    fn f(&self) -> Result<Rc<u8>, HookError> {
        Ok(Rc::new(1))
    }
}

fn main() {}
