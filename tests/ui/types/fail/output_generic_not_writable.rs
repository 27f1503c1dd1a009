// errors: 2
use dagstack_plugin::prelude::*;

#[derive(Default)]
struct Echo;

#[plugin(kind = "tool", name = "echo")]
impl Echo {
    #[hook]
    fn items(&self) -> std::vec::IntoIter<u8> {
        Vec::new().into_iter()
    }
    #[hook]
    fn found(&self) -> Result<Result<u8, HookError>, HookError> {
        Ok(Ok(1))
    }
}

fn main() {}
