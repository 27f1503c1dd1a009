//! The traits that answer. An expansion has them all in scope, without their names: a type of the
//! author's may be called `Context` too. The traits of the prelude are there for the expansions of
//! schemars, which need them even under `#![no_implicit_prelude]`.

pub use super::fits::{Held as _, IfExposed as _, IfInput as _, IfOutput as _, IfSecret as _};
pub use super::kind::{
    Again as _, ArgToJson as _, End as _, Fit as _, HandedOther as _, IfJson as _, IfSend as _,
    IntoShell as _, KeyOf as _, MaybeSchema as _, OutputFromJson as _, OutputToJson as _,
    Stopped as _,
};
pub use super::probe::answers::{
    AsSend as _, ConfigOf as _, ConfigSchema as _, Context as _, DataSchema as _, DefaultOf as _,
    Encode as _, Failure as _, IfRead as _, IfSync as _, InnerFailure as _, InputSchema as _,
    NoInput as _, NoRegistration as _, OutputSchema as _, SetUp as _, Setup as _, SlotOf as _,
    Split as _, WrappedSetUp as _,
};
pub use core::convert::{From as _, Into as _};
pub use core::default::Default as _;
