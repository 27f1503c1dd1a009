//! What the compiler says where `crate = ::dsp` is missing or wrong: one error, with the mend.

#[test]
fn the_other_name_is_in_the_error() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}
