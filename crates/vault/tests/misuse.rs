//! Misuse of the vault must not compile: each file in tests/fail is a way to a visitor's data that the types close.

#[test]
fn misuse_does_not_compile() {
    trybuild::TestCases::new().compile_fail("../../tests/fail/*.rs");
}
