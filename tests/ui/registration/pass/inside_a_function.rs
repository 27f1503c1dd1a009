//! A plugin may live anywhere, also in a function body.

use dagstack_plugin::Plugin as _;

#[test]
fn it_is_registered_like_any_other() {
    use dagstack_plugin::prelude::*;

    #[data]
    struct Local {
        size: usize,
    }

    #[derive(Default)]
    struct Inner;

    #[plugin(kind = "tool", name = "inside-a-function")]
    impl Inner {
        #[hook]
        fn size(&self, local: Local) -> usize {
            local.size
        }
    }

    assert_eq!(Inner::declaration().hooks.len(), 1);
    assert!(
        dagstack_plugin::registered()
            .iter()
            .any(|plugin| plugin.declaration().name == "inside-a-function")
    );
}
