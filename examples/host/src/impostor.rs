//! A plugin that breaks the rule this project stands for: it answers differently in each process.
//! With it the comparison must fail, which is how we know that it can.

use dagstack_plugin::prelude::*;

/// Answers with what it should not depend on.
#[derive(Debug, Default)]
pub struct Impostor;

/// Answers with what it should not depend on.
#[plugin(kind = "tool", name = "impostor")]
impl Impostor {
    /// The number of the process it runs in.
    #[hook]
    fn process(&self) -> u32 {
        std::process::id()
    }

    /// An error whose details are the number of the process it runs in.
    #[hook]
    fn fail(&self) -> Result<(), HookError> {
        Err(HookError::new("process", "this is the process").details(std::process::id().into()))
    }
}
