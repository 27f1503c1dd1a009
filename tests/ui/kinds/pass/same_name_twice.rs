//! Two kinds whose traits have one name, in modules of their own.

pub mod first {
    use dagstack_plugin::prelude::*;

    #[kind(name = "first", version = "1.0.0")]
    pub trait Same {
        #[hook(dispatch = "singleton")]
        async fn value(&self) -> u8;
    }

    #[derive(Default)]
    pub struct A;

    #[plugin(kind = Same, name = "a")]
    impl A {
        #[hook]
        fn value(&self) -> u8 {
            1
        }
    }
}

pub mod second {
    use dagstack_plugin::prelude::*;

    #[kind(name = "second", version = "1.0.0")]
    pub trait Same {
        #[hook(dispatch = "singleton")]
        async fn value(&self) -> u8;
    }

    #[derive(Default)]
    pub struct B;

    #[plugin(kind = self::Same, name = "b")]
    impl B {
        #[hook]
        fn value(&self) -> u8 {
            2
        }
    }
}
